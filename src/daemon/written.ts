import type { Line } from '../history/entry.ts';
import { epochOf } from '../keeper/trigger-id.ts';

/**
 * Which lines the history has of the triggers that may be told again: by their keeper, which was not acknowledged, or by the
 * marker of their command, whose keeper has died.
 */
export interface Written {
  /** The last line of a trigger that is in the history, or waits for room on the disk. */
  of(run: string): Line['t'] | undefined;
  note(lines: readonly Line[]): void;
  /** Learns from the history, newest first, what it has of the triggers whose markers are there. */
  recall(blocks: AsyncIterable<readonly Line[]>): Promise<void>;
  /** Nothing of dead keepers is told again, but for these triggers. */
  forgetDead(living: ReadonlySet<string>, but: (run: string) => boolean): void;
}

/** So many triggers are remembered before those are dropped that have ended and have no marker any more. */
const MOST_KNOWN = 4_096;
/** A marker that is of use after both have died is of one of the newest triggers: so many lines are read for it. */
const MOST_LINES = 20_000;

/** @param marked the triggers whose markers are there: a marker may outlast both lines, and goes when its keeper is told of them */
export function createWritten(marked: () => readonly string[]): Written {
  const known = new Map<string, Line['t']>();

  function forgetUnmarked(): void {
    const there = new Set(marked());
    for (const [run, line] of known) if (line === 'ended' && !there.has(run)) known.delete(run);
  }

  return {
    of: (run) => known.get(run),
    note(lines) {
      for (const { t, id } of lines) known.set(id, t);
      if (known.size > MOST_KNOWN) forgetUnmarked();
    },
    async recall(blocks) {
      const there = new Set(marked());
      let read = 0;
      if (there.size === 0) return;
      for await (const block of blocks) {
        for (const { t, id } of block) if (there.has(id) && !known.has(id)) known.set(id, t);
        read += block.length;
        if (read > MOST_LINES) return;
      }
    },
    forgetDead(living, but) {
      for (const run of known.keys()) if (!living.has(epochOf(run)) && !but(run)) known.delete(run);
    },
  };
}
