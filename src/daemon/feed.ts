import type { Line } from '../history/entry.ts';

/** Hands the history's lines, once they are on disk, to whoever follows. */
export interface Feed {
  publish(lines: readonly Line[]): void;
  /** @returns a function that ends it */
  subscribe(follower: (line: Line) => void): () => void;
}

/** A feed without followers. */
export function createFeed(): Feed {
  const followers = new Set<(line: Line) => void>();
  return {
    publish(lines) {
      for (const line of lines) for (const follower of followers) follower(line);
    },
    subscribe(follower) {
      followers.add(follower);
      return () => followers.delete(follower);
    },
  };
}
