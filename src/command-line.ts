import { closeSync, openSync, readSync } from 'node:fs';

/** So many bytes of it are read: more than anybody writes by hand. */
const LONGEST = 65_536;

/**
 * The command line of a process on Linux, each word ended by a NUL; of a very long one the beginning. Any process may say where
 * in its memory its command line begins and ends: there may be terabytes to be read.
 *
 * @throws the system's error: ENOENT or ESRCH when there is no such process
 */
export function readCommandLine(pid: number): string {
  const file = openSync(`/proc/${pid}/cmdline`, 'r');
  try {
    const room = Buffer.allocUnsafe(LONGEST);
    return room.toString('utf8', 0, readSync(file, room));
  } finally {
    closeSync(file);
  }
}
