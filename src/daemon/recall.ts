import type { Event } from '../event.ts';
import { recallTriggers } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import type { Feed } from './feed.ts';

export interface RecallParts {
  readonly journal: Journal;
  readonly feed: Feed;
  readonly post: (event: Event) => void;
  readonly say: (level: 'warn' | 'error', what: string, why?: string) => void;
}

/** So long a start waits for it, ms: it is there at once unless the history is large. */
const PATIENCE = 500;

/**
 * Tells the loop what the history knows of each probe. A large history is read while the daemon works already; what
 * the keeper tells meanwhile, and what it tells again, is counted once.
 *
 * Call it before anything is written. Resolves when all is told, or when that takes too long to be waited for.
 */
export async function recall({ journal, feed, post, say }: RecallParts): Promise<void> {
  const told = new Set<string>();
  const unsubscribe = feed.subscribe((line) => {
    if (line.t === 'fired') told.add(line.id);
  });
  const damaged: string[] = [];
  const note = (text: string): void => void damaged.push(text.slice(0, 80));
  const at = Date.now();

  async function readAll(): Promise<void> {
    try {
      const past = await recallTriggers(journal.read(note), () => told);
      post({ type: 'recalled', at, probes: [...past].map(([id, probe]) => ({ id, ...probe })) });
    } catch (error) {
      say('error', 'the history cannot be read', error instanceof Error ? error.message : String(error));
    } finally {
      unsubscribe();
    }
    const [first] = damaged;
    if (first === undefined) return;
    const many = damaged.length === 1 ? 'a damaged line' : `${damaged.length} damaged lines`;
    say('warn', `${many} of the history: skipped`, `such as ${JSON.stringify(first)}`);
  }

  let late: NodeJS.Timeout | undefined;
  await Promise.race([readAll(), new Promise((resolve) => (late = setTimeout(resolve, PATIENCE)))]);
  clearTimeout(late);
}
