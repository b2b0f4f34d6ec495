import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { Complaint, EXIT } from '../control/protocol.ts';
import { builtProgram, HOW_TO_BUILD } from '../keeper/built.ts';
import { readProcStat, type ProcStat } from '../proc-stat.ts';

export interface ChrootOptions {
  readonly kernel?: boolean;
  /** `0`, `1` or `2`, as kern.chroot_allow_open_directories. */
  readonly openDirectories?: string;
}

/** What somebody may send to our number and means for the command. */
const FORWARDED = ['SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;
/** Those that a terminal sends to all in the foreground: then the command has its own already. */
const KEYS = ['SIGINT', 'SIGQUIT'] as const;
/** Deaths that write a core file: one is enough. */
const CORES = new Set([
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
]);

/**
 * `jaildaemon chroot`: changes the root and runs a command there, by a program in C whose parent we are as long as the
 * command runs. Whoever started us sees what it would see of the command itself: its terminal, its descriptors
 * (`inherited`: their numbers above 2), its end. @returns the command's exit code
 */
export async function chroot(
  dir: string,
  command: readonly string[],
  options: ChrootOptions,
  inherited: readonly number[],
): Promise<number> {
  const child = start([...argumentsOf(options), '--', dir, ...command], inherited);
  for (const name of FORWARDED) process.on(name, () => child.kill(name));
  for (const name of KEYS) process.on(name, () => isForeground() || child.kill(name));
  stopTogether(child);
  const [code, signal] = (await once(child, 'exit').catch((error: NodeJS.ErrnoException) => {
    const hint = error.code === 'ENOENT' ? HOW_TO_BUILD : undefined;
    throw new Complaint(EXIT.failed, `cannot start ${PROGRAM}: ${error.code ?? error.message}`, hint);
  })) as [number | null, NodeJS.Signals | null];
  return signal === null ? (code ?? EXIT.failed) : endBy(signal);
}

const PROGRAM = builtProgram('chroot');

function start(args: readonly string[], inherited: readonly number[]): ChildProcess {
  const stdio: ('inherit' | 'ignore' | number)[] = ['inherit', 'inherit', 'inherit'];
  for (const number of inherited) stdio[number] = number;
  return spawn(PROGRAM, args, { stdio: Array.from(stdio, (one) => one ?? 'ignore') });
}

function argumentsOf({ kernel, openDirectories }: ChrootOptions): string[] {
  const files = softLimitOf(process.ppid);
  const args = ['-p', String(process.pid)];
  if (kernel === true) args.push('-k');
  if (openDirectories !== undefined) args.push('-o', openDirectories);
  if (files !== undefined) args.push('-n', files);
  return args;
}

/** Node has raised our soft limit of open files to the hard one; who started us still has what we had. */
function softLimitOf(pid: number): string | undefined {
  try {
    return /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'))?.[1];
  } catch {
    return undefined; // no /proc: the raised limit stays
  }
}

/**
 * A command that stops itself alone (a shell's `suspend`) does so for whoever watches it from outside, who watches us:
 * so we stop too. Made to go on, we give it back the terminal if it had that, and wake it.
 */
function stopTogether(child: ChildProcess): void {
  let group: number | undefined;
  process.on('SIGCHLD', () => {
    const seen = lookAtJob(child.pid);
    if (seen?.state !== 'T') return;
    // Ctrl-Z has stopped all of us, and when we hear of it, it may be just about to go on as we do.
    setTimeout(() => {
      if (lookAtJob(child.pid)?.state !== 'T') return;
      group = seen.group === seen.foreground ? seen.group : undefined;
      process.kill(process.pid, 'SIGSTOP');
    }, 50);
  });
  process.on('SIGCONT', () => {
    if (group !== undefined) spawnSync(PROGRAM, ['-t', String(group)], { stdio: 'inherit' });
    group = undefined;
    child.kill('SIGCONT');
  });
}

/** Whether our process group has the terminal, so that what its keys send has gone to the command too. */
function isForeground(): boolean {
  const own = lookAtJob('self');
  return own === undefined ? isatty(0) || isatty(2) : own.group === own.foreground;
}

/** A process's state, its group, and the group that has its terminal. Undefined where there is no /proc to say it. */
function lookAtJob(pid: number | 'self' = 'self'): ProcStat | undefined {
  try {
    return readProcStat(pid);
  } catch {
    return undefined;
  }
}

/** Ends as the command did, so that a shell that waits for us learns the same. */
async function endBy(signal: NodeJS.Signals): Promise<number> {
  const code = 128 + constants.signals[signal];
  if (CORES.has(signal)) return code;
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // It has come by the time anything else happens, unless it is one that Node itself ignores (PIPE).
  await new Promise((resolve) => setTimeout(resolve, 100));
  return code;
}
