import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The demo's folder, and everything that must be gone at its end. */
export interface Backstage {
  readonly folder: string;
  /** What commands run with: `jaildaemon` is ours. */
  readonly env: NodeJS.ProcessEnv;
  /** For programs that stand in for missing ones. */
  readonly bin: string;
  /** To be undone at the end, last come first. */
  defer(undo: () => void): void;
  /** Asks the daemon without a word on the stage. */
  ask<T>(...args: readonly string[]): T;
  /** What a command of ours prints, without a word on the stage. */
  hear(...args: readonly string[]): string;
  /** Undoes everything and says what could not be. */
  clear(): string[];
}

interface Pids {
  readonly daemon: { readonly pid: number };
  readonly keeper?: { readonly pid: number };
}

export function goBackstage(): Backstage {
  const folder = mkdtempSync(join(tmpdir(), 'jaildaemon-demo-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(join(import.meta.dirname, '../../dist/main.js'), join(bin, 'jaildaemon'));
  const path = `${bin}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const env = { ...process.env, PATH: path, LC_ALL: 'C' };
  const undos: (() => void)[] = [];
  const processes = new Map<number, string>();

  const jaildaemon = (...args: readonly string[]): string =>
    spawnSync('jaildaemon', ['-f', 'sock', ...args], { cwd: folder, env, encoding: 'utf8' }).stdout;
  const ask = <T>(...args: readonly string[]): T => {
    const answer = JSON.parse(jaildaemon(...args, '--json')) as T;
    const { daemon, keeper } = answer as Partial<Pids>;
    for (const pid of [daemon?.pid, keeper?.pid]) if (pid !== undefined) processes.set(pid, startOf(pid));
    return answer;
  };
  return {
    folder,
    env,
    bin,
    defer: (undo) => void undos.push(undo),
    ask,
    hear: jaildaemon,
    clear: () => {
      if (existsSync(join(folder, 'sock'))) jaildaemon('stop');
      const left = [...processes].filter(([pid, start]) => startOf(pid) === start).map(([pid]) => pid);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) undo();
      rmSync(folder, { recursive: true, force: true });
      return left.map((pid) => `process ${pid} had to be killed`);
    },
  };
}

/** The start time of a living process: with its pid its identity. Empty where there is none. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? '' : (rest[18] ?? '');
  } catch {
    return '';
  }
}
