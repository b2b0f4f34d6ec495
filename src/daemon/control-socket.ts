import { lstatSync } from 'node:fs';
import type { Server } from 'node:net';
import { ask } from '../control/client.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { removeStale } from './paths.ts';

/**
 * Asks the socket whether another daemon answers, as `-D` of the original does.
 *
 * @throws Complaint (busy) naming the other's pid, or saying that it does not answer
 */
export async function refuseSecondDaemon(path: string): Promise<void> {
  // What is no socket is not connected to: `listenOn` says what is in the way.
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return;
  try {
    const { pid } = await ask<{ pid: number }>(path, { verb: 'hello' });
    throw new Complaint(
      EXIT.busy,
      `a daemon runs already: pid ${pid}, socket ${path}`,
      '"jaildaemon reload" makes it read its file, "jaildaemon stop" ends it',
    );
  } catch (error) {
    // Nobody listens there any more: a stale socket is no obstacle.
    if (error instanceof Complaint && error.code === EXIT.unavailable) return;
    throw error;
  }
}

/** Listens on the socket, mode 0600 from its first instant. @throws Complaint */
export async function listenOn(server: Server, path: string): Promise<void> {
  removeStale(path, 'socket');
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } catch (error) {
    throw new Complaint(
      EXIT.unavailable,
      `cannot listen: ${(error as Error).message}`,
      'name another socket with -f',
    );
  } finally {
    process.umask(before);
  }
}
