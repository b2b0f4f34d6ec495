import { readdirSync, readFileSync } from 'node:fs';

/** The proportional share of memory of a process, in KiB; undefined when it has ended. */
export function pss(pid: number): number | undefined {
  return numberIn(`/proc/${pid}/smaps_rollup`, /^Pss: +(\d+) kB$/m);
}

/** The children of a process that has one thread. */
export function children(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** How often the threads of a process have gone to sleep: each time, something woke them. */
export function sleeps(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map(
      (thread) => numberIn(`/proc/${pid}/task/${thread}/status`, /^voluntary_ctxt_switches:\t(\d+)$/m) ?? 0,
    )
    .reduce((sum, each) => sum + each, 0);
}

function numberIn(path: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(read(path))?.[1];
  return found === undefined ? undefined : Number(found);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // it has ended
  }
}
