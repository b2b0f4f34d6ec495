import type { Event } from '../event.ts';
import { createDesired } from '../plan/desired.ts';
import type { Observed } from '../plan/observed.ts';
import type { Wish } from '../plan/planner.ts';

/**
 * The ad hoc probes whose title is another's: the file's goes first, then who was asked for earlier. They are forgotten, and
 * do not come back when the other goes, at a time when nobody expects it any more.
 */
export function displaced({ declared }: Wish, observed: Observed, at: number): Event[] {
  const desired = createDesired(declared, observed);
  return [...observed.adhoc.values()].flatMap(({ id, jail }): Event[] => {
    const why = desired.forJail(jail).get(id)?.clash;
    return why === undefined ? [] : [{ type: 'detached', at, id, why }];
  });
}
