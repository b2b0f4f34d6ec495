import type { Desired } from './desired.ts';
import type { Observed, ObservedJail } from './observed.ts';
import type { Step } from './step.ts';

/** So many probes are on their way at once: the gap of each stays some milliseconds, and is not the whole host's. */
const AT_ONCE = 64;
/** One whose end takes longer (a tracer inside holds it) keeps nobody else waiting, ms. */
const PATIENCE = 1_000;

type Release = Extract<Step, { do: 'release' }>;

export interface Moves {
  readonly steps: readonly Release[];
  /** One that has to wait, and when there is room for it although nothing may happen (ms since 1970). */
  readonly wake?: { readonly id: string; readonly jail: string; readonly at: number };
}

/**
 * Which probes the older keepers are to let go of now. A probe is let go of there, and armed in the current keeper when
 * it is gone: there is never a second process of it.
 *
 * Looks at every probe, but only while there is an older keeper.
 *
 * @param arming so many are ordered to be armed in this moment
 * @param now ms since 1970
 */
export function planMoves(desired: Desired, observed: Observed, arming: number, now: number): Moves {
  if (observed.leaving.size === 0 || observed.keeper?.stopped) return { steps: [] };
  const candidates: Release[] = [];
  let room = AT_ONCE - arming;
  let at = Infinity;
  for (const jail of observed.jails.values()) {
    for (const probe of jail.probes.values()) {
      if (probe.held?.state === 'entering') room -= 1;
      for (const { askedAt, epoch } of probe.leaving ?? []) {
        if (askedAt !== undefined) {
          if (Math.abs(now - askedAt) >= PATIENCE) continue;
          room -= 1;
          at = Math.min(at, askedAt + PATIENCE);
        } else if (candidates.length <= AT_ONCE && mayGo(desired, observed, jail, probe.id, epoch))
          candidates.push({ do: 'release', jail: jail.name, id: probe.id, epoch });
      }
    }
  }
  const steps = candidates.slice(0, Math.max(0, room));
  const next = candidates[steps.length];
  return { steps, ...(next && at < Infinity && { wake: { id: next.id, jail: next.jail, at } }) };
}

/** A jail that could not be looked at keeps what it has: nothing could be armed there again. */
function mayGo(desired: Desired, observed: Observed, jail: ObservedJail, id: string, epoch: string): boolean {
  if (observed.leaving.get(epoch)?.stopped) return false;
  if (!desired.forJail(jail.name).has(id)) return true;
  return jail.sighting !== undefined && !('refused' in jail.sighting);
}
