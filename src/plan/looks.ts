import type { Event } from '../event.ts';
import type { Observed } from './observed.ts';
import { jailOf } from './probe-id.ts';
import type { Step } from './step.ts';

/**
 * A probe that was ended by something else than a HUP, or that could not get in, is the best sign that its jail has
 * stopped or has been replaced: look before anything is armed there again.
 */
export function looksAfter(events: readonly Event[], observed: Observed): Step[] {
  const jails = new Set<string>();
  for (const event of events) {
    if (event.type !== 'died' && event.type !== 'failed') continue;
    jails.add(jailOf(observed, event.id));
  }
  return jails.size > 0 ? [{ do: 'look', jails: [...jails] }] : [];
}
