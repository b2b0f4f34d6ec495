import type { Naming } from '../history/history.ts';
import type { Desired } from '../plan/desired.ts';
import type { Adhoc, Observed } from '../plan/observed.ts';
import { jailOf } from '../plan/probe-id.ts';

/** Jail and title of every probe of which something may be heard, for the history. */
export interface Names {
  of(id: string, observed: Observed, desired: Desired): Naming;
  /** Remembers the ad hoc probes that are forgotten from now on: of their last commands something may still be heard. */
  depart(before: ReadonlyMap<string, Adhoc>, after: ReadonlyMap<string, Adhoc>): void;
}

/** So many ad hoc probes are remembered after their end. */
const MOST_DEPARTED = 256;

/** One that remembers nobody yet. */
export function createNames(): Names {
  const departed = new Map<string, Naming>();
  return {
    of(id, observed, desired) {
      const jail = jailOf(observed, id);
      const probe = observed.jails.get(jail)?.probes.get(id);
      const gone = departed.get(id);
      if (gone && !probe) return gone;
      const title =
        (probe?.ordered ?? desired.forJail(jail).get(id))?.probe.title ??
        (probe?.held ?? probe?.leaving?.[0])?.shownTitle;
      return { jail, title: title ?? id.slice(id.indexOf('/') + 1) };
    },
    depart(before, after) {
      if (before === after) return;
      for (const [id, { jail, probe }] of before)
        if (!after.has(id)) departed.set(id, { jail, title: probe.title });
      for (const id of departed.keys()) {
        if (departed.size <= MOST_DEPARTED) break;
        departed.delete(id);
      }
    },
  };
}
