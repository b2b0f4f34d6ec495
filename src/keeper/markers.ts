import { readdirSync, readFileSync, readlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A command that was started by a keeper which has died since. It may have ended too, without anybody having been told. */
export interface Orphan {
  /** The probe's id. */
  readonly id: string;
  /** The trigger's. */
  readonly run: string;
  readonly by: 'jail' | 'host';
  readonly pid: number;
  /** ms since 1970. */
  readonly startedAt: number;
  /** ms since the machine was booted: with the pid it names the process. */
  readonly bootTime: number;
}

/** The markers of commands in the state directory, `running/ID -> PID BOOTTIME-MS [host] KEY` (PROTOCOL.md, "Running a command"). */
export interface Markers {
  /** The triggers of all that are there. */
  runs(): string[];
  /** Those that other keepers than the one of this epoch have left. */
  leftBy(epoch: string): Orphan[];
  /** Whether the process is there still: the same pid, started within a second of that moment. */
  lives(orphan: Orphan): boolean;
  /** For how long it has run, ms of a clock that never jumps. */
  age(orphan: Orphan): number;
  /** The end of its command is in the history. */
  remove(run: string): void;
}

/** The clock of /proc/PID/stat: 100 ticks a second on every Linux that we know (USER_HZ). */
const TICK_MS = 10;
/** Between its fork and its marker a command's process takes this long at most, ms. */
const SAME_WITHIN = 1_000;

/** @param stateDirectory the daemon's, mode 0700 */
export function openMarkers(stateDirectory: string): Markers {
  const directory = join(stateDirectory, 'running');

  function names(): string[] {
    try {
      return readdirSync(directory);
    } catch {
      return []; // no keeper has ever been here
    }
  }

  function read(run: string): Orphan | undefined {
    let target: string;
    try {
      target = readlinkSync(join(directory, run));
    } catch {
      return undefined; // it has just been removed, or is no marker
    }
    // A jail's name has no space in it, and so no id begins with `host `.
    const [, pid, bootTime, host, id] = /^(\d+) (\d+) (host )?(.+)$/s.exec(target) ?? [];
    if (pid === undefined || bootTime === undefined || id === undefined) return undefined;
    const startedAt = Math.round(Date.now() - uptime() + Number(bootTime));
    const by = host === undefined ? 'jail' : 'host';
    return { id, run, by, pid: Number(pid), startedAt, bootTime: Number(bootTime) };
  }

  return {
    runs: names,
    leftBy(epoch) {
      const others = names().filter((name) => !name.startsWith(`${epoch}-`));
      return others.flatMap((name) => read(name) ?? []);
    },
    lives({ pid, bootTime }) {
      const started = startTime(pid);
      return started !== undefined && Math.abs(started - bootTime) <= SAME_WITHIN;
    },
    age: ({ bootTime }) => uptime() - bootTime,
    remove(run) {
      try {
        unlinkSync(join(directory, run));
      } catch {
        // gone already: that is what was wanted
      }
    },
  };
}

/** ms since boot. */
function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000;
}

/** When a process was started, ms since boot; undefined when there is none, or only its zombie. */
function startTime(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, so the fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]) * TICK_MS;
  } catch {
    return undefined;
  }
}
