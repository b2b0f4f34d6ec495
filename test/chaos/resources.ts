import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parentOf } from './host.ts';
import type { World } from './world.ts';

/** What daemon and keeper hold at some moment. */
export interface Footprint {
  readonly daemon: Holding;
  readonly keeper: Holding;
}

interface Holding {
  readonly descriptors: number;
  /** Resident, bytes. */
  readonly memory: number;
}

/** Both at rest: what they still do for what was asked last is over when two looks find the same. */
export async function footprint(world: World): Promise<Footprint> {
  const look = (): Footprint => ({
    daemon: holding(world.host.daemon() ?? 0),
    keeper: holding(world.host.keeper() ?? 0),
  });
  let last = look();
  for (let tries = 0; tries < 20; tries++) {
    await pause(500);
    const now = look();
    const isSame =
      now.daemon.descriptors === last.daemon.descriptors &&
      now.keeper.descriptors === last.keeper.descriptors;
    if (isSame) return now;
    last = now;
  }
  return last;
}

function holding(pid: number): Holding {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    memory: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024,
  };
}

/** Children of daemon and keeper that have ended and that nobody has looked after for a second. */
export async function zombies(world: World): Promise<string[]> {
  const first = zombiesNow(world);
  await pause(1_000);
  const second = new Set(zombiesNow(world));
  return first.filter((pid) => second.has(pid)).map((pid) => `process ${pid} is a zombie`);
}

function zombiesNow(world: World): number[] {
  const parents = new Set([world.host.daemon(), world.host.keeper()]);
  return allPids().filter((pid) => /^State:\tZ/m.test(text(pid, 'status')) && parents.has(parentOf(pid)));
}

/** Processes and mounts that have to do with a folder or with titles of this prefix. */
export function strays(dir: string, prefix: string): string[] {
  const isOurs = (pid: number): boolean =>
    text(pid, 'comm').startsWith(`${prefix}.`) ||
    text(pid, 'cmdline').includes(`${dir}/`) ||
    text(pid, 'environ').includes(`${dir}/`);
  const processes = allPids()
    .filter((pid) => pid !== process.pid && isOurs(pid))
    .map((pid) => `process ${pid} is left: ${text(pid, 'cmdline').replaceAll('\0', ' ')}`);
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${dir}/`));
  return [...processes, ...mounts.map((point) => `${point} is still mounted`)];
}

function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function text(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}
