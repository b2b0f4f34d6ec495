import type { Line } from '../../history/entry.ts';
import type { Feed } from '../feed.ts';

/** What has happened and has not been taken yet: bounded, since whoever takes it may never come back. */
export interface Backlog {
  /** Waits until there is something, and empties it; undefined when `gone` aborts. @throws TooFarBehind */
  take(gone: AbortSignal): Promise<readonly Line[] | undefined>;
  /** Rejects when the backlog grows over its bound, which may be while its taker does something else. */
  readonly cut: Promise<never>;
  close(): void;
}

/** More has happened than is kept. */
export class TooFarBehind extends Error {}

/** Listens from now on. @param most so many bytes are kept */
export function openBacklog(feed: Feed, most: number): Backlog {
  let lines: Line[] = [];
  let bytes = 0;
  let wake = (): void => {};
  let cutOff: (why: TooFarBehind) => void = () => {};
  const cut = new Promise<never>((_, reject) => (cutOff = reject));
  cut.catch(() => {}); // whoever waits is told; nobody may be waiting
  const close = feed.subscribe((line) => {
    bytes += JSON.stringify(line).length;
    if (bytes > most) {
      close();
      lines = [];
      cutOff(new TooFarBehind());
      return;
    }
    lines.push(line);
    wake();
  });
  return {
    async take(gone) {
      const leave = (): void => wake();
      gone.addEventListener('abort', leave);
      try {
        while (lines.length === 0 && !gone.aborted)
          await Promise.race([new Promise<void>((resolve) => (wake = resolve)), cut]);
      } finally {
        gone.removeEventListener('abort', leave);
      }
      if (gone.aborted) return undefined;
      const taken = lines;
      lines = [];
      bytes = 0;
      return taken;
    },
    cut,
    close,
  };
}
