import type { Ending, ProbeEvent } from '../keeper/messages.ts';
import { countTries, retryAt } from './backoff.ts';
import type { Held, ObservedProbe, Trouble } from './observed.ts';

const [SIGKILL, SIGTERM] = [9, 15];
/** jail(8) waits `stop.timeout`, 10 s, between TERM and the end of a jail; then some, ms. */
const JAIL_STOPS_IN = 15_000;

/** Its process is gone and the keeper waits for an order. */
export function stopped(probe: ObservedProbe, what: Omit<Trouble, 'tries' | 'retryAt'>): ObservedProbe {
  const held: Held = { state: 'idle', tag: tagOf(probe), instance: what.instance };
  return { ...probe, held, trouble: trouble(probe, what), since: what.at };
}

/** jail(8) ends a jail's processes with TERM and, when it removes the jail, with KILL. */
export function endsJails({ signal }: Ending): boolean {
  return signal === SIGTERM || signal === SIGKILL;
}

/** While its jail is most likely stopping, a probe stays away for longer than that takes. */
export function withdrawn(probe: ObservedProbe, at: number): ObservedProbe {
  if (!probe.trouble) return probe;
  return {
    ...probe,
    trouble: { ...probe.trouble, retryAt: Math.max(probe.trouble.retryAt, at + JAIL_STOPS_IN) },
  };
}

/**
 * Whether a probe that is armed has got over it. What ended it is kept, for the back-off of one that is ended again and
 * again; and so is that a newer definition cannot get in while the older one serves.
 */
export function isOver(known: Trouble | undefined, tag: string): boolean {
  return known !== undefined && known.kind !== 'died' && (known.tag === '' || known.tag === tag);
}

/** Of an event, among those of all keepers. */
export function nameOf({ epoch, seq }: ProbeEvent): string {
  return `${epoch}-${seq}`;
}

/** Of the definition that was being tried. */
export function tagOf({ held }: ObservedProbe): string {
  return held?.replacedBy ?? held?.tag ?? '';
}

/** With how often it has gone wrong in a row, and when to try again. */
export function trouble(probe: ObservedProbe, what: Omit<Trouble, 'tries' | 'retryAt'>): Trouble {
  const known = probe.trouble;
  // The same one, told again.
  if (known?.by !== undefined && known.by === what.by) return known;
  const tries = countTries(probe.trouble, what.at);
  return { ...what, tries, retryAt: retryAt(what.at, tries) };
}
