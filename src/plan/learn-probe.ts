import type { ProbeEvent } from '../keeper/messages.ts';
import { count, isCounted } from './counted.ts';
import { forget, type Draft } from './draft.ts';
import { learnGone } from './learn-jails.ts';
import { runningJail, type ObservedProbe } from './observed.ts';
import { isAdhoc } from './probe-id.ts';
import { factsAfter, isFact } from './probe-facts.ts';
import { probeAfter } from './probe-state.ts';

/** Takes over what the keeper says of one probe. */
export function learnProbeEvent(draft: Draft, event: Exclude<ProbeEvent, { type: 'removed' }>): void {
  const jail = draft.jailOf(event.id);
  // The last words of an ad hoc probe that is forgotten already.
  if (isAdhoc(event.id) && !draft.adhoc.has(event.id) && !draft.jails.get(jail)?.probes.has(event.id)) return;
  const kind = runningJail(draft.jails.get(jail))?.kind;
  const current = event.epoch === draft.keeper?.epoch;
  const outdated = isOutdated(draft.jails.get(jail)?.probes.get(event.id), event);
  const again = event.type === 'fired' && isCounted(draft.counted, event.run);
  if (current && !outdated)
    draft.change(jail, event.id, (probe) => probeAfter(probe, event, again, kind), event.at);
  else if (isFact(event)) draft.change(jail, event.id, (probe) => factsAfter(probe, event, again), event.at);
  if (event.type === 'fired' && !again) draft.counted = count(draft.counted, event.id, event.run);
  if (event.type === 'failed' && event.stage === 'gone') learnGone(draft, event.instance);
  if (current && !outdated && (event.type === 'failed' || event.type === 'died'))
    forgetPastTrouble(draft, jail, event);
  if (event.type === 'finished') {
    forgetSpentAdhoc(draft, event.id);
    dropIfEmpty(draft, jail, event.id);
  }
}

/**
 * A disarmed probe has no process any more. It may be ordered anew by now; else, what is known of it is from the keeper's
 * list, or from events that were under way when it was disarmed.
 */
export function learnRemoved(draft: Draft, { id, at }: ProbeEvent): void {
  const jail = draft.jailOf(id);
  const state = draft.jails.get(jail)?.probes.get(id)?.held?.state;
  if (state === undefined || state === 'entering') return;
  draft.change(jail, id, (probe) => forget(probe, 'held'), at);
  dropIfEmpty(draft, jail, id);
}

/** Of an instance that is over nothing will be tried again. */
function forgetPastTrouble(
  draft: Draft,
  jail: string,
  { id, instance, at }: ProbeEvent & { instance: string },
): void {
  if (runningJail(draft.jails.get(jail))?.instance === instance) return;
  draft.change(jail, id, (probe) => forget(probe, 'trouble'), at);
}

/** An ad hoc probe that fires once is forgotten when its command has ended. */
export function forgetSpentAdhoc(draft: Draft, id: string): void {
  if (draft.adhoc.get(id)?.probe.respawn === 'never') draft.forgetAdhoc(id);
}

/** Of a probe that the keeper does not hold, that runs nothing and of which no fact is kept, nothing is left to know. */
export function dropIfEmpty(draft: Draft, jail: string, id: string): void {
  const probe = draft.jails.get(jail)?.probes.get(id);
  if (!probe || probe.held || probe.leaving || probe.commands.size > 0 || probe.trouble) return;
  const forgotten = isAdhoc(id) && !draft.adhoc.has(id);
  if (forgotten || (probe.spentIn === undefined && probe.runs === 0)) draft.drop(jail, id);
}

/**
 * Whether the keeper told it before it took the order for a newer instance of the jail: what it is to say of that one is
 * still to come, and to order it again for each such word would make a process each time.
 */
function isOutdated(probe: ObservedProbe | undefined, event: ProbeEvent): boolean {
  const held = probe?.held;
  return held?.state === 'entering' && 'instance' in event && event.instance !== held.instance;
}
