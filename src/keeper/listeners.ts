import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { readCommandLine } from '../command-line.ts';
import { PLATFORM } from '../platform.ts';
import { readProcStat } from '../proc-stat.ts';

/** A socket at which a keeper listens, wherever its name has gone. */
export interface Listening {
  readonly epoch: string;
  readonly inode: string;
}

/** The sockets of all keepers in our network namespace; none where the system does not tell: on others than Linux. */
export function listeningKeepers(): Listening[] {
  if (PLATFORM !== 'Linux') return [];
  // `Num RefCount Protocol Flags Type St Inode Path`; the keeper binds its short name, which is drawn at random.
  const line = /^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) keeper\.([0-9a-f]{8})\.sock$/gm;
  return [...unixSockets().matchAll(line)].map(([, inode = '', epoch = '']) => ({ epoch, inode }));
}

function unixSockets(): string {
  try {
    return readFileSync('/proc/net/unix', 'latin1');
  } catch {
    return ''; // a kernel or a container that hides it
  }
}

/**
 * Which process listens at the socket of this keeper: one that says nothing does not say its pid either.
 *
 * @returns undefined where it cannot be found out: on other systems than Linux, and in another network namespace
 */
export function findListener(epoch: string): number | undefined {
  const inodes = listeningKeepers().flatMap((one) => (one.epoch === epoch ? [one.inode] : []));
  if (inodes.length === 0) return undefined;
  const sockets = socketsOf(inodes);
  const pid = processes().find((pid) => nameOf(pid) === 'keeper' && holdsOneOf(pid, sockets));
  return pid === undefined ? undefined : Number(pid);
}

/** So many processes are looked at in one go. */
const SLICE = 500;

/**
 * The keepers that listen there, as far as they are of this state directory: a keeper names that on its command line
 * (start.ts). Only those of our own user that see the file system as we do: in a container the same path is another
 * directory. Its scribes have its command line too, and a child that is just being forked its descriptors; only the keeper leads
 * its session and listens: a child that has left that has its own.
 *
 * Gives their pids, each as soon as it is found: later the pid may be another process's.
 */
export async function* findKeepersBehind(
  listening: readonly Listening[],
  stateDirectory: string,
): AsyncGenerator<number> {
  if (listening.length === 0) return;
  const sockets = socketsOf(listening.map(({ inode }) => inode));
  for (const [index, pid] of processes().entries()) {
    if (isOurs(pid, stateDirectory) && holdsOneOf(pid, sockets)) yield Number(pid);
    // There is a process for each probe, too.
    if (index % SLICE === SLICE - 1) await new Promise(setImmediate);
  }
}

/** As links in /proc/PID/fd name them. */
function socketsOf(inodes: readonly string[]): ReadonlySet<string> {
  return new Set(inodes.map((inode) => `socket:[${inode}]`));
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trimEnd();
  } catch {
    return ''; // it has ended
  }
}

function isOurs(pid: string, stateDirectory: string): boolean {
  try {
    const [program = '', directory, ...more] = readCommandLine(Number(pid)).split('\0');
    const named = basename(program) === 'keeper' && directory === stateDirectory && more.length === 1;
    return (
      named && statSync(`/proc/${pid}`).uid === process.getuid?.() && leadsSession(pid) && seesWhatWeSee(pid)
    );
  } catch {
    return false; // it has ended, or is not for us to see
  }
}

function leadsSession(pid: string): boolean {
  return readProcStat(Number(pid)).session === Number(pid);
}

function seesWhatWeSee(pid: string): boolean {
  const same = (name: string): boolean =>
    readlinkSync(`/proc/${pid}/ns/${name}`) === readlinkSync(`/proc/self/ns/${name}`);
  if (!same('mnt') || !same('pid')) return false;
  // Only now: a jail's root may be a file system whose server is in the jail, and answers nobody.
  const [ours, theirs] = [statSync('/'), statSync(`/proc/${pid}/root/`)];
  return ours.dev === theirs.dev && ours.ino === theirs.ino;
}

function holdsOneOf(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false; // not for us to see, or it has just ended
  }
}
