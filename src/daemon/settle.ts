import { troubleWords } from '../history/standing.ts';
import { allHaveListed, type Observed, type ObservedJail, type ObservedProbe } from '../plan/observed.ts';
import type { Change } from '../plan/plan.ts';
import type { Loop } from './loop.ts';

/** How long a reload waits for its probes before it answers with what is so far, ms. */
const LONGEST = 15_000;

/** A change, and what became of it. */
export interface Settled extends Change {
  /** The process that took the place of `pid`. */
  readonly newPid?: number;
  readonly failed?: string;
}

/**
 * Waits until what a reload ordered is there or has failed, so that its answer tells the truth: the new pids, and
 * which probes could not be armed.
 */
export async function settle(loop: Loop, changes: readonly Change[], gone: AbortSignal): Promise<Settled[]> {
  const ordered = changes.filter(({ action }) => action === 'arm' || action === 'replace');
  let open = ordered;
  const jail = ({ jail }: Change): ObservedJail | undefined => loop.observed.jails.get(jail);
  await loop.until(
    () => {
      open = open.filter((change) => isUnderWay(jail(change), jail(change)?.probes.get(change.id)));
      return open.length === 0 ? true : undefined;
    },
    LONGEST,
    gone,
  );
  return changes.map((change) => {
    if (change.action !== 'arm' && change.action !== 'replace') return change;
    const now = jail(change)?.probes.get(change.id);
    const pid = now?.held?.pid;
    return {
      ...change,
      ...(pid !== undefined && pid !== change.pid && { newPid: pid }),
      ...(now?.trouble && now.held?.state !== 'armed' && { failed: troubleWords(now.trouble) }),
    };
  });
}

/** How long a keeper may take to tell all it has, ms. */
const LISTS_WITHIN = 30_000;

/**
 * Waits until the keepers have told all they have, and nothing is on its way into a jail: a daemon that has just started
 * is ready then. It is also ready when a keeper is stopped, since nobody knows for how long.
 */
export async function settleAll(loop: Loop, gone: AbortSignal): Promise<void> {
  await loop.until(
    () => (allHaveListed(loop.observed) || anyStandsStill(loop.observed) ? true : undefined),
    LISTS_WITHIN,
    gone,
  );
  await loop.until(() => (anyUnderWay(loop.observed) ? undefined : true), LONGEST, gone);
}

/** Whether a probe is on its way into a jail, or from one keeper to another. */
export function anyUnderWay({ jails }: Observed): boolean {
  for (const jail of jails.values())
    for (const probe of jail.probes.values()) if (isUnderWay(jail, probe)) return true;
  return false;
}

function anyStandsStill({ keeper, leaving, silent }: Observed): boolean {
  return silent.size > 0 || [keeper, ...leaving.values()].some((one) => one?.stopped);
}

function isUnderWay(jail: ObservedJail | undefined, probe: ObservedProbe | undefined): boolean {
  return (
    probe?.held?.state === 'entering' ||
    probe?.held?.replacedBy !== undefined ||
    (probe?.leaving !== undefined && probe.commands.size === 0 && !keepsAll(jail))
  );
}

/** A jail that could not be looked at keeps what it has in an older keeper, for as long as that lasts. */
function keepsAll(jail: ObservedJail | undefined): boolean {
  return jail?.sighting !== undefined && 'refused' in jail.sighting;
}
