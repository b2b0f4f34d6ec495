import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { PLATFORM } from '../platform.ts';

/** So many processes are looked at in one go. */
const SLICE = 500;

/**
 * The keepers of this state directory that run on this host, also those whose socket is gone: a keeper names the directory
 * on its command line (start.ts). Only those of our own user that see the file system as we do: in a container the same path is
 * another directory.
 *
 * @returns their pids; none on other systems than Linux, which do not tell
 */
export async function findKeeperProcesses(stateDirectory: string): Promise<number[]> {
  if (PLATFORM !== 'Linux') return [];
  const found: number[] = [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const [index, pid] of pids.entries()) {
    if (isKeeperOf(pid, stateDirectory)) found.push(Number(pid));
    // There is a process for each probe, too.
    if (index % SLICE === SLICE - 1) await new Promise(setImmediate);
  }
  return found;
}

function isKeeperOf(pid: string, stateDirectory: string): boolean {
  try {
    const [program = '', directory, ...more] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const named = basename(program) === 'keeper' && directory === stateDirectory && more.length === 1;
    return (
      named &&
      statSync(`/proc/${pid}`).uid === process.getuid?.() &&
      isKeeperItself(pid) &&
      seesWhatWeSee(pid)
    );
  } catch {
    return false; // it has ended, or is not for us to see
  }
}

/**
 * Its scribes, and its children until they execute something, have its command line as well. Only the keeper leads its
 * session and waits for events: a child that shares its descriptors still is in its session, one that has left that has its own.
 */
function isKeeperItself(pid: string): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (session !== pid) return false;
  return readdirSync(`/proc/${pid}/fd`).some(
    (fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === 'anon_inode:[eventpoll]',
  );
}

function seesWhatWeSee(pid: string): boolean {
  const same = (name: string): boolean =>
    readlinkSync(`/proc/${pid}/ns/${name}`) === readlinkSync(`/proc/self/ns/${name}`);
  const [ours, theirs] = [statSync('/'), statSync(`/proc/${pid}/root/`)];
  return same('mnt') && same('pid') && ours.dev === theirs.dev && ours.ino === theirs.ino;
}
