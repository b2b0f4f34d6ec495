import type { Line } from '../../history/entry.ts';
import type { Feed } from '../feed.ts';

/** What has happened and has not been taken yet: bounded, since whoever takes it may never come back. */
export interface Backlog {
  /** Waits until there is something, and empties it; undefined when `gone` aborts. @throws TooFarBehind */
  take(gone: AbortSignal): Promise<readonly Line[] | undefined>;
  /** Waits for something else, but no longer than the backlog is within its bound. @throws TooFarBehind */
  meanwhile(other: Promise<void>): Promise<void>;
  close(): void;
}

/** More has happened than is kept. */
export class TooFarBehind extends Error {}

/** Listens from now on. @param most so many bytes are kept */
export function openBacklog(feed: Feed, most: number): Backlog {
  let lines: Line[] = [];
  let bytes = 0;
  let wake = (): void => {};
  // No promise for all its life: each wait that was raced against it would stay with it, and one may follow for months.
  const cut = new AbortController();
  const close = feed.subscribe((line) => {
    bytes += JSON.stringify(line).length;
    if (bytes > most) {
      close();
      lines = [];
      cut.abort(new TooFarBehind());
    } else lines.push(line);
    wake();
  });
  return {
    async take(gone) {
      const leave = (): void => wake();
      gone.addEventListener('abort', leave);
      try {
        while (lines.length === 0 && !gone.aborted && !cut.signal.aborted)
          await new Promise<void>((resolve) => (wake = resolve));
      } finally {
        gone.removeEventListener('abort', leave);
      }
      if (gone.aborted) return undefined;
      cut.signal.throwIfAborted();
      const taken = lines;
      lines = [];
      bytes = 0;
      return taken;
    },
    async meanwhile(other) {
      cut.signal.throwIfAborted();
      let give = (): void => {};
      const over = new Promise<never>((_, reject) => (give = () => reject(cut.signal.reason as Error)));
      cut.signal.addEventListener('abort', give);
      try {
        await Promise.race([other, over]);
      } finally {
        cut.signal.removeEventListener('abort', give);
      }
    },
    close,
  };
}
