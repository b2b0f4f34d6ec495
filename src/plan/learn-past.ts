import type { Event } from '../event.ts';
import { countHistory } from './counted.ts';
import type { Draft } from './draft.ts';
import { isAdhoc } from './probe-id.ts';

/**
 * Takes over what the history has of each probe. A large one is read while the daemon works: what was told meanwhile may
 * be in it too, and is counted once.
 */
export function learnPast(draft: Draft, { probes, newest, at }: Extract<Event, { type: 'recalled' }>): void {
  for (const { id, jail, runs, last } of probes) {
    // An ad hoc probe that is forgotten never comes back.
    if (isAdhoc(id) && !draft.adhoc.has(id) && !draft.jails.get(jail)?.probes.has(id)) continue;
    draft.change(
      jail,
      id,
      (probe) => ({
        ...probe,
        runs: probe.runs + runs,
        last: probe.last && probe.last.firedAt >= last.firedAt ? probe.last : last,
      }),
      at,
    );
  }
  const { counted, twice } = countHistory(draft.counted, newest);
  draft.counted = counted;
  for (const id of twice) {
    const jail = draft.jailOf(id);
    if (draft.jails.get(jail)?.probes.has(id))
      draft.change(jail, id, (probe) => ({ ...probe, runs: probe.runs - 1 }), at);
  }
}
