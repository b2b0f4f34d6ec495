import type { Event } from '../event.ts';
import { createDraft, forget, type Draft, type Learned } from './draft.ts';
import { learnGone, learnSighting } from './learn-jails.ts';
import { forgetHeld, learnOrphan, learnOrphanEnded, learnRecords } from './learn-keeper.ts';
import {
  forgetAsked,
  forgetOlder,
  learnOlderRecords,
  learnReleased,
  learnReleasing,
} from './learn-moving.ts';
import { learnPast } from './learn-past.ts';
import { learnOrdered, learnRefused } from './learn-order.ts';
import { dropIfEmpty, learnProbeEvent, learnRemoved } from './learn-probe.ts';
import { runningJail, type Observed, type ObservedKeeper } from './observed.ts';

/**
 * Takes all events that are waiting and gives the world as it is after them. Pure: the same events, the same world.
 *
 * An event that is told twice changes nothing the second time.
 */
export function learn(before: Observed, events: readonly Event[]): Learned {
  const draft = createDraft(before);
  for (const event of events) learnOne(draft, event);
  return draft.finish();
}

function learnOne(draft: Draft, event: Event): void {
  switch (event.type) {
    case 'configured':
      draft.planEverything();
      return;
    case 'sighted':
      for (const sighting of event.sightings) learnSighting(draft, sighting);
      return;
    case 'keeper-found':
      learnKeeper(draft, event);
      return;
    case 'keeper-silent':
      draft.putSilent(event.epoch, {
        ...(event.pid !== undefined && { pid: event.pid }),
        ...(event.stopped && { stopped: true }),
      });
      return;
    case 'keeper-stopped':
      learnStopped(draft, event.epoch, event.stopped);
      return;
    case 'keeper-listed':
      if (event.epoch === draft.keeper?.epoch) learnRecords(draft, event.epoch, event.records, event.at);
      else if (draft.leaving.has(event.epoch)) learnOlderRecords(draft, event.epoch, event.records, event.at);
      return;
    case 'keeper-lost':
      learnLost(draft, event.epoch);
      return;
    case 'orphaned':
      for (const orphan of event.commands) learnOrphan(draft, orphan, event.at);
      return;
    case 'orphan-ended':
      learnOrphanEnded(draft, event.id, event.run, event.at);
      return;
    case 'gone':
      learnGone(draft, event.instance);
      return;
    case 'ordered':
      draft.change(
        event.jail,
        event.want.id,
        (probe) => learnOrdered({ ...probe, ordered: event.want }, event),
        event.at,
      );
      return;
    case 'disarmed':
      draft.change(event.jail, event.id, (probe) => forget(probe, 'held', 'trouble'), event.at);
      dropIfEmpty(draft, event.jail, event.id);
      return;
    case 'releasing':
      learnReleasing(draft, event.jail, event.id, event.epoch, event.at);
      return;
    case 'order-refused': {
      const jail = draft.jailOf(event.id);
      const instance = runningJail(draft.jails.get(jail))?.instance;
      if (draft.jails.get(jail)?.probes.has(event.id))
        draft.change(jail, event.id, (probe) => learnRefused(probe, event, instance), event.at);
      return;
    }
    case 'attached':
      draft.putAdhoc(event.adhoc);
      return;
    case 'detached':
      draft.forgetAdhoc(event.id);
      return;
    case 'remembered':
      for (const adhoc of event.adhoc) draft.putAdhoc(adhoc);
      for (const [id, jail, instance] of event.spent)
        draft.change(jail, id, (probe) => ({ ...probe, spentIn: instance }), event.at);
      return;
    case 'recalled':
      learnPast(draft, event);
      return;
    case 'armed':
    case 'held':
    case 'died':
    case 'failed':
    case 'spent':
    case 'fired':
    case 'started':
    case 'finished':
      learnProbeEvent(draft, event);
      return;
    case 'removed':
      if (event.epoch === draft.keeper?.epoch) learnRemoved(draft, event);
      else learnReleased(draft, event);
      return;
    case 'keeper-foreign':
    case 'unchanged':
    case 'misconfigured':
    case 'daemon':
      return;
  }
}

function learnKeeper(draft: Draft, found: Extract<Event, { type: 'keeper-found' }>): void {
  const { epoch, pid, version, startedAt, leaving } = found;
  const keeper: ObservedKeeper = { epoch, pid, version, startedAt, listed: false };
  draft.putSilent(epoch, undefined);
  if (!leaving) {
    // It may have been told to leave, on a connection that was lost before it heard so.
    draft.putLeaving(epoch, undefined);
    forgetOlder(draft, epoch);
    draft.keeper = keeper;
    return;
  }
  // It was the current one until now: its list tells what it has, when it comes.
  if (draft.keeper?.epoch === epoch) draft.keeper = undefined;
  draft.putLeaving(epoch, keeper);
  forgetAsked(draft, epoch);
}

function learnStopped(draft: Draft, epoch: string, stopped: boolean): void {
  const changed = <T extends { readonly stopped?: true }>(keeper: T): T =>
    stopped ? { ...keeper, stopped: true as const } : forget(keeper, 'stopped');
  const older = draft.leaving.get(epoch);
  const silent = draft.silent.get(epoch);
  if (draft.keeper?.epoch === epoch) draft.keeper = changed(draft.keeper);
  else if (older) draft.putLeaving(epoch, changed(older));
  else if (silent) draft.putSilent(epoch, changed(silent));
}

function learnLost(draft: Draft, epoch: string): void {
  if (draft.keeper?.epoch === epoch) {
    draft.keeper = undefined;
    forgetHeld(draft, epoch);
  } else {
    draft.putLeaving(epoch, undefined);
    draft.putSilent(epoch, undefined);
    forgetOlder(draft, epoch);
    // The others may have waited for its list.
    draft.planEverything();
  }
}
