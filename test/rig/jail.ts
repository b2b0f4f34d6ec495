import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute, type Outcome } from './execute.ts';
import { commandOf, descendants, innerPid, isAlive, killExactly, startOf } from './proc.ts';
import type { Teller } from './story.ts';
import { until } from './until.ts';

/** A kind of jail, and how to make one. */
export interface Kind {
  readonly name: string;
  /** Why it cannot be made here; undefined when it can. */
  available(): string | undefined;
  /** Whether it has users other than root: a user namespace of a single uid has not. */
  readonly users: boolean;
  /** Whether its end is seen at once, by the end of a process; a chroot is only looked at now and then. */
  readonly ends: boolean;
  start(t: Teller, name: string): Promise<RunningJail>;
}

/** Who runs something inside; root when nothing is said. */
export interface As {
  readonly uid?: number;
}

export interface RunningJail {
  readonly name: string;
  /** The first process of its present life; 0 for a chroot, which has none. */
  readonly pid: number;
  /** What the file says under the jail's name: one line of YAML. */
  readonly where: string;
  /** Runs a program inside. A text goes to the jail's shell. */
  run(command: string | readonly string[], as?: As): Promise<Outcome>;
  /** What ps shows inside: the argument lines. */
  ps(): Promise<string[]>;
  stop(): Promise<void>;
  /** Stops it if it runs, and starts it again: another life of the same jail. */
  restart(): Promise<void>;
}

/** One life of a jail: its first process as the host sees it, and how to end it. */
export interface Life {
  readonly pid: number;
  end(): Promise<void>;
}

/** The jail's first program: it ends on TERM, and until then does nothing. */
export const INIT = 'trap "exit 0" TERM PWR INT; while :; do sleep 3600 & wait $!; done';

/** The environment inside. busybox's shell finds its own applets by it, and pkill. */
export const INSIDE = { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', HOME: '/', LC_ALL: 'C' };

/** A jail that a pidfile of the host names, with a new pid in it for each life. */
export async function jailByPidfile(
  t: Teller,
  name: string,
  begin: () => Promise<Life>,
): Promise<RunningJail> {
  const folder = join(t.dir, 'pids');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pidfile = join(folder, `${name}.pid`);
  let life: Life | undefined;

  const stop = async (): Promise<void> => {
    if (life === undefined) return;
    const { pid, end } = life;
    life = undefined;
    await end();
    await until(() => !isAlive(pid), `process ${pid} of jail ${name} is gone`);
  };
  const start = async (): Promise<void> => {
    life = await begin();
    // As a careful manager does it: nobody ever reads half of it.
    await writeFile(`${pidfile}.new`, `${life.pid}\n`, { mode: 0o600 });
    await rename(`${pidfile}.new`, pidfile);
  };
  t.defer(`stop jail ${name}`, stop);
  await start();

  const run = (command: string | readonly string[], { uid }: As = {}): Promise<Outcome> => {
    if (life === undefined) throw new Error(`jail ${name} does not run`);
    const user = uid === undefined ? [] : ['-S', String(uid), '-G', String(uid)];
    // -r -w: the first process may sit under a chroot in its mount namespace.
    const args = ['-t', String(life.pid), '-a', '-r', '-w', ...user, '--', ...argv(command)];
    return execute('nsenter', args, { env: { ...process.env, ...INSIDE } });
  };
  return {
    name,
    where: `pid: ${pidfile}`,
    get pid() {
      return life?.pid ?? 0;
    },
    run,
    ps: () => listed(run),
    stop,
    restart: async () => {
      await stop();
      await start();
    },
  };
}

/** The first process of the PID namespace below a launcher, once the jail is in place. */
export async function firstProcess(launcher: number, told: () => string): Promise<number> {
  const pid = await until(
    () => descendants(launcher).find((pid) => innerPid(pid).depth > 1 && innerPid(pid).pid === 1),
    'the jail has a first process',
    { last: told },
  );
  return inPlace(pid, told);
}

/**
 * Waits until the jail's shell sleeps: then it has its root, its mounts, and its trap, without which the first
 * process of a PID namespace does not even take note of TERM.
 */
export async function inPlace(pid: number, told: () => unknown = () => ''): Promise<number> {
  const waits = (pid: number): boolean => commandOf(pid) === 'sh' && descendants(pid).length > 0;
  await until(() => [pid, ...descendants(pid)].some(waits), `the jail of process ${pid} is in place`, {
    last: told,
  });
  return pid;
}

/** Ends a life by the end of its first process, as most jails end: the kernel kills what else is in there. */
export function endByFirstProcess(pid: number, signal: NodeJS.Signals = 'SIGTERM'): () => Promise<void> {
  const start = startOf(pid);
  return () => killExactly(pid, start, signal);
}

export function argv(command: string | readonly string[]): readonly string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
}

/** The argument lines of all processes that a jail sees, without that of ps itself. */
export async function listed(run: (command: readonly string[]) => Promise<Outcome>): Promise<string[]> {
  const { code, stdout, stderr } = await run(['/usr/bin/ps', '-eo', 'args=']);
  if (code !== 0) throw new Error(`ps in the jail: exit ${code}\n${stderr}`);
  const lines = stdout.split('\n').map((line) => line.trimEnd());
  return lines.filter((line) => line !== '' && !line.startsWith('/usr/bin/ps '));
}
