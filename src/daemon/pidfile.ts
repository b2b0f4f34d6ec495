import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { Complaint, EXIT } from '../control/protocol.ts';
import { PLATFORM, type Platform } from '../platform.ts';
import { refuseOther } from './paths.ts';

/** The pidfile of this daemon. */
export interface Pidfile {
  /** Removes it, if it is still the one that was claimed and still names us. */
  remove(): void;
}

/** O_EXLOCK of open(2), which Node does not name: the file comes locked, or not at all. Linux has no such flag, and its lock is the control socket. */
const EXLOCK: Readonly<Record<Platform, number>> = { Linux: 0, FreeBSD: 0x20, DragonFly: 0x20 };
/** So often others may exchange the file while it is opened. */
const TRIES = 10;
const LONGEST = 32;

/** With which flags open(2) gets the pidfile; it waits for nobody, neither for a lock nor for the other end of a pipe. */
export function openFlags(platform: Platform): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  return O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | EXLOCK[platform];
}

/**
 * Writes the pid as pidfile(3) does: mode 0600, decimal, no newline, and on BSD locked for as long as the daemon lives. What
 * another daemon has left is taken over; anything else in that place is left alone: a symlink, what has a second name
 * (a hard link), what is no file, and what holds something else than a pid, such as the configuration after a slip of the pen.
 *
 * @throws Complaint (busy) with the pid of the daemon that holds the lock, (not permitted) with what is in the way
 */
export function claimPidfile(path: string, platform: Platform = PLATFORM): Pidfile {
  for (let tries = 0; tries < TRIES; tries++) {
    const fd = openPidfile(path, platform);
    try {
      const opened = refuseForeign(path, fd);
      const there = lstatSync(path, { throwIfNoEntry: false });
      // It was removed or exchanged between being opened and being locked: what is locked has no name.
      if (there?.ino !== opened.ino || there.dev !== opened.dev) {
        closeSync(fd);
        continue;
      }
      fchmodSync(fd, 0o600);
      ftruncateSync(fd);
      writeSync(fd, String(process.pid), 0);
    } catch (error) {
      closeSync(fd);
      throw error instanceof Complaint ? error : unwritable(error);
    }
    // Open as long as we live: with the descriptor the lock would go.
    return { remove: () => removeOwn(path, fd) };
  }
  throw new Complaint(EXIT.busy, `others make and remove ${path} all the time`, 'find out who they are');
}

function openPidfile(path: string, platform: Platform): number {
  // Before it is opened, since to open a device may already do something.
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there) refuseOther(path, there, 'file');
  try {
    return openSync(path, openFlags(platform), 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw unwritable(error);
    throw new Complaint(
      EXIT.busy,
      `a daemon runs already: ${holderOf(path)} has locked ${path}`,
      'stop that one, or name another pidfile with -p, another socket with -f and another --state',
    );
  }
}

/** What was opened may be another thing than what was looked at. */
function refuseForeign(path: string, fd: number): { readonly ino: number; readonly dev: number } {
  const stats = fstatSync(fd);
  refuseOther(path, stats, 'file');
  if (stats.nlink > 1)
    throw new Complaint(
      EXIT.notPermitted,
      `${path} is in the way: the same file has another name too`,
      'look who made it, and remove it',
    );
  if (!/^(?:\d{1,10}\n?)?$/.test(readText(fd)))
    throw new Complaint(
      EXIT.notPermitted,
      `${path} is in the way: it holds something else than a pid`,
      'name another pidfile with -p, or remove this one',
    );
  return stats;
}

/** For a message: whoever holds the lock may not have written yet. */
function holderOf(path: string): string {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const pid = /^\d{1,10}/.exec(readText(fd))?.[0];
    closeSync(fd);
    if (pid !== undefined) return `pid ${pid}`;
  } catch {
    // removed just now, or not for us to read
  }
  return 'another process';
}

function readText(fd: number): string {
  const buffer = Buffer.alloc(LONGEST);
  return buffer.toString('latin1', 0, readSync(fd, buffer, 0, LONGEST, 0));
}

function removeOwn(path: string, fd: number): void {
  try {
    const [there, ours] = [lstatSync(path), fstatSync(fd)];
    const same = there.ino === ours.ino && there.dev === ours.dev;
    if (same && readText(fd) === String(process.pid)) unlinkSync(path);
  } catch {
    // gone already
  }
  closeSync(fd);
}

function unwritable(error: unknown): Complaint {
  return new Complaint(
    EXIT.notPermitted,
    `cannot write the pidfile: ${(error as Error).message}`,
    'choose another one with -p',
  );
}
