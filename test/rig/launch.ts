import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { killExactly, startOf } from './proc.ts';
import type { Teller } from './story.ts';

/** A program that holds a jail, as long as the jail lives. */
export interface Launcher {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it has printed, for the message when nothing came of it. */
  told(): string;
  /** Resolves when it has ended, and sees to it after a while. */
  ended(): Promise<void>;
}

/** Starts a program in a session of its own. `also` is a descriptor that it gets as number 3. */
export function launch(t: Teller, name: string, args: readonly string[], also?: 'pipe'): Launcher {
  const [file, ...rest] = args;
  const log = join(t.dir, `${name}.launch.log`);
  const output = openSync(log, 'a', 0o600);
  const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', output, output];
  const child = spawn(file ?? '', rest, {
    detached: true,
    stdio: also === undefined ? stdio : [...stdio, also],
  });
  closeSync(output);
  const told = (): string => readFileSync(log, 'utf8').trim() || '(nothing was printed)';
  const exit = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`cannot start ${file ?? 'nothing'}`);
  const start = startOf(pid);
  const ended = async (): Promise<void> => {
    const slow = setTimeout(() => void killExactly(pid, start), 5000);
    await exit;
    clearTimeout(slow);
  };
  t.defer(`end ${file ?? ''} of jail ${name}`, () => killExactly(pid, start));
  return { pid, child, told, ended };
}
