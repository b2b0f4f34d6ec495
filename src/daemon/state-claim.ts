import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Complaint, EXIT } from '../control/protocol.ts';
import { findDaemon } from './control-socket.ts';

/** In the state directory, a symlink to the control socket of the daemon whose state it is. */
const NAME = 'daemon';

/**
 * Writes down whose the state directory is. Two daemons with one socket are told apart by that; this is for those that
 * have a socket each: the second would take keeper and pidfile from the first, which runs and is well.
 *
 * Who does not answer may be followed: it is stopped or stuck, and ends when it finds its keeper taken.
 *
 * @throws Complaint (busy) with the pid and socket of the daemon that has it
 */
export async function claimState(directory: string, socket: string): Promise<void> {
  const link = join(directory, NAME);
  const other = holderOf(link);
  if (other !== undefined && other !== socket) await refuse(directory, other);
  noteHolder(directory, socket);
}

/** Writes it down without asking: the directory is this daemon's, and the note may be gone. */
export function noteHolder(directory: string, socket: string): void {
  const link = join(directory, NAME);
  const made = `${link}.${process.pid}`;
  try {
    rmSync(made, { force: true });
    symlinkSync(socket, made);
    renameSync(made, link);
  } catch {
    // A full disk, or something else has that name: then nobody tells a second daemon.
    rmSync(made, { force: true });
  }
}

function holderOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined; // nobody was here before, or what is there is not ours
  }
}

async function refuse(directory: string, socket: string): Promise<void> {
  const found = await findDaemon(socket).catch(() => undefined);
  if (found?.state !== directory) return;
  throw new Complaint(
    EXIT.busy,
    `a daemon runs already on ${directory}: pid ${found.pid}, version ${found.version}, socket ${socket}`,
    `"jaildaemon -f ${socket} COMMAND" speaks to it; another daemon needs another --state, -f and -p`,
  );
}
