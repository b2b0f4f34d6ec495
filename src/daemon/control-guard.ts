import { lstatSync } from 'node:fs';
import type { Server } from 'node:net';
import { Complaint, EXIT } from '../control/protocol.ts';
import { createControlServer, type Handler } from '../control/server.ts';
import { reasonOf } from '../reason.ts';
import { claimSocket } from './control-socket.ts';
import { createTroubles } from './troubles.ts';

/** The control socket of this daemon, which is also the lock that keeps a second one away. */
export interface ControlSocket {
  /** From now on these are answered; before, everything but `hello` is told to try again. */
  open(handlers: ReadonlyMap<string, Handler>): void;
  close(): void;
}

/** What the socket may tell its daemon. */
export interface ControlListener {
  /** A fault of ours in a request. */
  failed(error: unknown): void;
  /** The path is gone, and cannot be taken again for this reason. */
  gone(why: string): void;
  /** Another daemon has taken the path: there can be one only. */
  lost(): void;
}

/** How often the path is looked at, ms. */
const GUARD_EVERY = 2_000;

/**
 * Takes the path before anything else is done, and keeps it: a socket that a cleaner of old files removed is made again.
 *
 * @throws Complaint: another daemon runs, something else is in the way, or the directory is not ours to write
 */
export async function holdSocket(
  path: string,
  pidfile: string,
  hello: Handler,
  listener: ControlListener,
): Promise<ControlSocket> {
  let handlers: ReadonlyMap<string, Handler> | undefined;
  const find = (verb: string): Handler | undefined =>
    verb === 'hello' ? hello : handlers ? handlers.get(verb) : starting;
  const make = (): Server => createControlServer(find, (error) => listener.failed(error));
  let server = make();
  await claimSocket(server, path, pidfile);
  let inode = inodeOf(path);

  const troubles = createTroubles((_, why) => listener.gone(why));
  const lose = (): void => {
    clearInterval(guard);
    listener.lost();
  };
  const remake = (): void => {
    // Closing a server unlinks its path: before the next one is made.
    server.close();
    server = make();
    claimSocket(server, path, pidfile).then(
      () => {
        inode = inodeOf(path);
        troubles.hasNot(path);
      },
      (error) => {
        if (error instanceof Complaint && error.code === EXIT.busy) lose();
        // Its directory is gone, or the disk is full: tried again at the next look.
        else troubles.has(path, reasonOf(error));
      },
    );
  };
  const guard = setInterval(() => {
    const now = inodeOf(path);
    if (now === undefined) remake();
    else if (now !== inode) lose();
  }, GUARD_EVERY);

  return {
    open(verbs) {
      handlers = verbs;
    },
    close() {
      clearInterval(guard);
      // Closing the server unlinks its path, whoever listens there by now.
      if (inodeOf(path) === inode) server.close();
      else server.unref();
    },
  };
}

const starting: Handler = async () => {
  throw new Complaint(EXIT.busy, 'the daemon is just starting', 'try again in a moment');
};

function inodeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.ino;
}
