import { existsSync, linkSync, lstatSync, readFileSync, renameSync, unlinkSync, type Stats } from 'node:fs';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { ask } from '../control/client.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { refuseOther } from './paths.ts';

/** A daemon that does not even say that it has heard us within so many ms is stuck or stopped. */
const HEARD_WITHIN = 2_000;
/** So often others may come between while a stale socket is taken away. */
const TRIES = 10;

/** What every daemon says of itself at once. */
export interface Hello {
  readonly pid: number;
  readonly version: string;
  /** Its state directory. */
  readonly state: string;
}

/** Who answers there. @throws Complaint: nobody, or not in time */
export function findDaemon(path: string): Promise<Hello> {
  return ask<Hello>(path, { verb: 'hello' }, () => {}, HEARD_WITHIN);
}

/**
 * Asks the socket whether another daemon answers, as `-D` of the original does.
 *
 * @param pidfile of whom a daemon that does not answer may be found there
 * @returns what lies there, with nobody behind it
 * @throws Complaint (busy) naming the other's pid, or saying that it does not answer
 */
export async function refuseSecondDaemon(path: string, pidfile: string): Promise<Stats | undefined> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  // What is no socket is not connected to: `claimSocket` says what is in the way.
  if (!found?.isSocket()) return found;
  const other = await findDaemon(path).catch((error: unknown) => {
    // Nobody listens there any more: a stale socket is no obstacle.
    if (error instanceof Complaint && error.code === EXIT.unavailable) return undefined;
    throw withPid(error, pidfile);
  });
  if (!other) return found;
  throw new Complaint(
    EXIT.busy,
    `a daemon runs already: pid ${other.pid}, version ${other.version}, socket ${path}`,
    '"jaildaemon upgrade" starts it anew without disarming anything, "jaildaemon reload" makes it read its file, "jaildaemon stop" ends it',
  );
}

/** Who does not answer does not say its pid either. */
function withPid(error: unknown, pidfile: string): unknown {
  const pid = pidOf(pidfile);
  if (!(error instanceof Complaint) || pid === undefined) return error;
  return new Complaint(error.code, `${error.message}; ${pidfile} says pid ${pid}`, error.hint);
}

/**
 * Listens on the socket, mode 0600 from its first instant. Of daemons that start in the same instant one gets it, and
 * the others are told who. A stale socket is moved aside and looked at before it is removed, since in between another
 * daemon may have put its own there.
 *
 * @throws Complaint
 */
export async function claimSocket(server: Server, path: string, pidfile: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const stale = await refuseSecondDaemon(path, pidfile);
    if (stale) takeAway(path, stale);
    if (await listen(server, path)) return;
  }
  throw new Complaint(EXIT.busy, `others take and leave ${path} all the time`, 'find out who they are');
}

function takeAway(path: string, stale: Stats): void {
  refuseOther(path, stale, 'socket');
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // another daemon was faster
    throw error;
  }
  // Not when it was born, which DragonFly does not know: nobody writes to a socket's inode after that.
  const { ino, mtimeMs } = lstatSync(aside);
  if (ino !== stale.ino || mtimeMs !== stale.mtimeMs) linkSync(aside, path);
  unlinkSync(aside);
}

/** @returns false when another one listens there now */
async function listen(server: Server, path: string): Promise<boolean> {
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    // What Node says of a directory that is not there is EACCES.
    const directory = dirname(path);
    throw new Complaint(
      EXIT.unavailable,
      existsSync(directory)
        ? `cannot listen: ${(error as Error).message}`
        : `cannot listen on ${path}: there is no directory ${directory}`,
      'name another socket with -f',
    );
  } finally {
    process.umask(before);
  }
}

/** For a message only: nobody is signalled by it. */
function pidOf(pidfile: string): string | undefined {
  try {
    return /^\d{1,10}$/.exec(readFileSync(pidfile, 'latin1').slice(0, 16).trim())?.[0];
  } catch {
    return undefined; // none there, or not for us to read
  }
}
