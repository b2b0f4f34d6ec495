import type { Event } from '../event.ts';
import { recallTriggers } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import { inTime } from '../in-time.ts';
import { reasonOf } from '../reason.ts';

export interface RecallParts {
  readonly journal: Journal;
  readonly post: (event: Event) => void;
  readonly say: (level: 'warn' | 'error', what: string, why?: string) => void;
}

/** So long a start waits for it, ms: it is there at once unless the history is large. */
const PATIENCE = 500;

/**
 * Tells the loop what the history knows of each probe. A large history is read while the daemon works already.
 *
 * Call it before anything is written. Resolves when all is told, or when that takes too long to be waited for.
 */
export async function recall({ journal, post, say }: RecallParts): Promise<void> {
  let damaged = 0;
  let first = '';
  const note = (text: string): void => {
    if (damaged++ === 0) first = text.slice(0, 80);
  };
  const at = Date.now();

  async function readAll(): Promise<void> {
    try {
      const { probes, newest } = await recallTriggers(journal.read(note));
      post({ type: 'recalled', at, probes: [...probes].map(([id, past]) => ({ id, ...past })), newest });
    } catch (error) {
      say('error', 'the history cannot be read', reasonOf(error));
      post({ type: 'recalled', at, probes: [], newest: [] });
    }
    if (damaged === 0) return;
    const many = damaged === 1 ? 'a damaged line' : `${damaged} damaged lines`;
    say('warn', `${many} of the history: skipped`, `such as ${JSON.stringify(first)}`);
  }

  await inTime(readAll(), PATIENCE);
}
