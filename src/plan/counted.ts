import { partsOf } from '../keeper/trigger-id.ts';

/**
 * Which triggers are counted. A keeper tells its triggers in the order of their numbers, and tells again what was not
 * acknowledged: so of each keeper the newest is enough to know.
 */
export interface Counted {
  /** By epoch, the one that was heard of last at the end: the number of its newest trigger that is counted. */
  readonly newest: ReadonlyMap<string, number>;
  /** Triggers that were counted before the history was read, which may have them too; absent once it was. */
  readonly unread?: readonly Trigger[];
}

interface Trigger {
  /** The probe's. */
  readonly id: string;
  readonly run: string;
}

/** The newest trigger of each keeper: its epoch and number. */
export type Newest = Iterable<readonly [epoch: string, number: number]>;

/** Before anything was heard, and before the history was read. */
export const NONE_COUNTED: Counted = { newest: new Map(), unread: [] };

/** So many keepers are remembered: far more than can live at once. */
const MOST_KEEPERS = 64;

/** Whether a trigger is counted. */
export function isCounted({ newest }: Counted, run: string): boolean {
  const [epoch, number] = partsOf(run);
  return number <= (newest.get(epoch) ?? 0);
}

/** Counts one that was not counted before. */
export function count({ newest, unread }: Counted, id: string, run: string): Counted {
  return { newest: raised(newest, [partsOf(run)]), ...(unread && { unread: [...unread, { id, run }] }) };
}

/**
 * Takes over what the history has, of which these are the newest.
 *
 * @returns with it, the probes of which a trigger was counted that is in the history too, once for each
 */
export function countHistory(
  counted: Counted,
  newest: Newest,
): { readonly counted: Counted; readonly twice: readonly string[] } {
  const there = new Map(newest);
  const twice = (counted.unread ?? []).filter(({ run }) => isCounted({ newest: there }, run));
  return { counted: { newest: raised(counted.newest, there) }, twice: twice.map(({ id }) => id) };
}

function raised(newest: Counted['newest'], by: Newest): Counted['newest'] {
  const next = new Map(newest);
  for (const [epoch, number] of by) {
    const known = next.get(epoch) ?? 0;
    next.delete(epoch);
    next.set(epoch, Math.max(known, number));
  }
  for (const epoch of next.keys()) {
    if (next.size <= MOST_KEEPERS) break;
    next.delete(epoch);
  }
  return next;
}
