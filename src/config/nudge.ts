import { watch } from 'node:fs';
import type { Platform } from '../platform.ts';

/** What was heard of a directory: a hint to look, and no more. */
export interface Nudge {
  readonly directory: string;
  /** Of what in it; absent where that is not known. */
  readonly name?: string;
  /** Whether a name came, went or was replaced, rather than a file written. */
  readonly renamed: boolean;
}

/** A directory to listen to. */
export interface Listening {
  /** Another where the directory was made again under the same path. */
  readonly birth: string;
}

/** Listens to directories, without what is below them. */
export interface Listener {
  listen(directories: ReadonlyMap<string, Listening>): void;
  close(): Promise<void>;
}

/** How often to look, ms, where that is how changes are found. */
const interval = 500;

/**
 * Whether changes are found by looking again and again. Elsewhere than on Linux Node watches with kqueue(2), which keeps a
 * descriptor open for each thing watched (our children inherit it, and jail_attach(2) refuses a process that has a directory
 * open), and which tells of a directory neither which of its names changed nor that a file in it was written.
 */
export function mustPoll(platform: Platform): boolean {
  return platform !== 'Linux';
}

/** Says "look" again and again. Who is told compares all that matters, so there is nothing to listen to. */
export function createPoller(nudge: (nudge: Nudge) => void): Listener {
  const timer = setInterval(() => nudge({ directory: '/', renamed: false }), interval);
  return {
    listen: () => {},
    close: async () => clearInterval(timer),
  };
}

interface Watcher {
  close(): void;
}

/**
 * Opens one watch a directory. After each opening there is a nudge, since something may have changed before.
 *
 * It is inotify(7) by fs.watch and no more: what lists the directory at each event costs half a processor where others
 * write into it all the time.
 */
export function createListener(nudge: (nudge: Nudge) => void): Listener {
  const open = new Map<string, { readonly watcher: Watcher; readonly birth: string }>();
  let turn = Promise.resolve();
  let closed = false;

  const hear = (directory: string): Watcher => {
    const again = (): void => nudge({ directory, renamed: false });
    setImmediate(again);
    try {
      return watch(directory, (event, name) =>
        nudge({ directory, renamed: event === 'rename', ...(name !== null && { name }) }),
      ).on('error', again);
    } catch {
      return { close: () => {} }; // it has just vanished: the nudge leads to another look
    }
  };

  // Closed before opened: two watches of one directory are one to the kernel.
  const listen = (directories: ReadonlyMap<string, Listening>): void => {
    turn = turn.then(() => {
      for (const [directory, { watcher, birth }] of open) {
        if (directories.get(directory)?.birth === birth && !closed) continue;
        open.delete(directory);
        watcher.close();
      }
      if (closed) return;
      for (const [directory, { birth }] of directories) {
        if (!open.has(directory)) open.set(directory, { watcher: hear(directory), birth });
      }
    });
  };

  const close = (): Promise<void> => {
    closed = true;
    listen(new Map());
    return turn;
  };
  return { listen, close };
}
