import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCommandLine } from '../../src/command-line.ts';
import { until } from './until.ts';

/** Whether a process runs. A zombie does not: it has ended, and only its parent has not looked yet. */
export function isAlive(pid: number): boolean {
  return !['', 'Z', 'X'].includes(statField(pid, 0));
}

/** The start time of a process, which with its pid is its identity; empty when there is none. */
export function startOf(pid: number): string {
  return statField(pid, 19);
}

/** The name of a process; empty when there is none. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

/** Kills exactly the process that had this pid and start time, and waits until it is gone. */
export async function killExactly(
  pid: number,
  start: string,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  if (start === '' || startOf(pid) !== start) return;
  try {
    process.kill(pid, signal);
  } catch {
    return; // it went by itself in this very moment
  }
  await until(() => startOf(pid) !== start || !isAlive(pid), `process ${pid} is gone after ${signal}`);
}

/** All descendants of a process, the nearest first. */
export function descendants(pid: number): number[] {
  const found: number[] = [];
  for (const child of read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)) {
    found.push(child, ...descendants(child));
  }
  return found;
}

/** The processes that were started with exactly this argument, such as a path of the story's own. */
export function withArgument(argument: string): number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).filter((pid) => isAlive(pid) && commandLineOf(pid).split('\0').includes(argument));
}

/** Its words, each ended by a NUL; of a very long one the beginning, since another story's may have no end. Empty when there is none. */
export function commandLineOf(pid: number): string {
  try {
    return readCommandLine(pid);
  } catch {
    return '';
  }
}

/** The pid of a process in its innermost PID namespace, and how many namespaces it has one in. */
export function innerPid(pid: number): { pid: number; depth: number } {
  const pids = /^NSpid:\t(.*)$/m.exec(read(`/proc/${pid}/status`))?.[1]?.split('\t') ?? [];
  return { pid: Number(pids.at(-1) ?? 0), depth: pids.length };
}

/** Why stories that need these programs cannot be told here; undefined when they can. */
export function missing(...programs: string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  const absent = programs.filter((program) => which(program) === undefined);
  return absent.length === 0 ? undefined : `no ${absent.join(', no ')}`;
}

/** Where a program is, by PATH. */
export function which(program: string): string | undefined {
  for (const folder of [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

function statField(pid: number, index: number): string {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[index] ?? '';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // the process ended
  }
}
