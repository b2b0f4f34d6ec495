import { readdirSync, readlinkSync } from 'node:fs';
import { readCommandLine } from '../command-line.ts';
import { PLATFORM } from '../platform.ts';
import type { Finding } from './finding.ts';
import type { Inventory } from './inventory.ts';

/** A process that is seen from where a probe is. */
interface Neighbour {
  readonly pid: number;
  readonly line: string;
}

/**
 * Titles that `pkill -f` would also find in somebody else's command line, in the processes that live now: each probe
 * against those of its own PID namespace. (BSD jails have one list of processes for all: there the host's are looked at.)
 */
export function examineNeighbours({ jails, probes }: Inventory): Finding[] {
  const ours = new Set(probes.map(({ pid }) => pid));
  const spaces = neighboursBySpace(ours);
  return jails.flatMap((jail) => {
    const space = spaceOf(jail.pid ?? 'self');
    const neighbours = (space === undefined ? undefined : spaces.get(space)) ?? [];
    const own = probes.filter((probe) => probe.jail === jail.name);
    return own.flatMap((probe): Finding[] => {
      const other = neighbours.find(({ line }) => line.includes(probe.title));
      const twin = own.find((one) => one.title !== probe.title && one.title.includes(probe.title));
      const whom = other
        ? `pid ${other.pid} (${other.line.slice(0, 60)})`
        : twin && `${twin.id} ("${twin.title}")`;
      if (whom === undefined) return [];
      return [
        {
          severity: 'warning',
          code: 'title-reaches',
          subject: probe.id,
          message: `pkill -f "${probe.title}" also reaches ${whom}`,
          fix: 'give the probe a title that nothing else has in its command line',
          at: probe.origin,
        },
      ];
    });
  });
}

function neighboursBySpace(without: ReadonlySet<number | undefined>): Map<string, Neighbour[]> {
  const spaces = new Map<string, Neighbour[]>();
  if (PLATFORM !== 'Linux') return spaces;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!/^\d+$/.test(name) || without.has(pid) || pid === process.pid) continue;
    const space = spaceOf(pid);
    if (space === undefined) continue;
    const line = commandLineOf(pid);
    if (line === '') continue;
    const list = spaces.get(space);
    if (list) list.push({ pid, line });
    else spaces.set(space, [{ pid, line }]);
  }
  return spaces;
}

function spaceOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function commandLineOf(pid: number): string {
  try {
    return readCommandLine(pid).replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
