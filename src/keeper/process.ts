import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { PLATFORM, type Platform } from '../platform.ts';

/** A living process, as far as it concerns who keeps an eye on it. */
export interface Seen {
  /** When it was started, in the system's own words: with the pid it names the process. */
  readonly start: string;
  /** By a signal or by a tracer. */
  readonly stopped: boolean;
}

/**
 * Looks at a process from outside: it is not woken by that.
 *
 * @returns undefined when there is none, or only what is left of it
 */
export async function seeProcess(pid: number, platform: Platform = PLATFORM): Promise<Seen | undefined> {
  return platform === 'Linux' ? readStat(pid) : askPs(pid);
}

function readStat(pid: number): Seen | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, so the fields are counted from its end.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 'ZXx'.includes(state) ? undefined : { start: fields[18] ?? '', stopped: 'Tt'.includes(state) };
  } catch {
    return undefined; // it has ended
  }
}

async function askPs(pid: number): Promise<Seen | undefined> {
  try {
    // Each column its own -o: on FreeBSD all that follows a `=` is the heading, commas too.
    const args = ['-o', 'state=', '-o', 'lstart=', '-p', String(pid)];
    const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC0' };
    const { stdout } = await promisify(execFile)('/bin/ps', args, {
      env,
      timeout: 5_000,
      killSignal: 'SIGKILL',
    });
    const [state = 'Z', ...start] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') ? undefined : { start: start.join(' '), stopped: state.startsWith('T') };
  } catch {
    return undefined; // ps(1) says by its exit code that there is none
  }
}

/**
 * Which process listens at the socket of this keeper: one that says nothing does not say its pid either.
 *
 * @returns undefined where it cannot be found out: on other systems than Linux, and in another network namespace
 */
export function findListener(epoch: string): number | undefined {
  if (PLATFORM !== 'Linux') return undefined;
  const inode = listeningInode(`keeper.${epoch}.sock`);
  if (inode === undefined) return undefined;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => nameOf(pid) === 'keeper' && holds(pid, `socket:[${inode}]`));
}

/** `Num RefCount Protocol Flags Type St Inode Path`; the keeper binds its short name, which is drawn at random. */
function listeningInode(name: string): string | undefined {
  const ACCEPTS = '00010000';
  for (const line of readFileSync('/proc/net/unix', 'latin1').split('\n')) {
    const [, , , flags, , , inode, path] = line.trim().split(/\s+/);
    if (path === name && flags === ACCEPTS) return inode;
  }
  return undefined;
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trimEnd();
  } catch {
    return ''; // it has ended
  }
}

function holds(pid: number, what: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === what);
  } catch {
    return false; // not for us to see, or it has just ended
  }
}
