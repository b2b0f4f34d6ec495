import type { Event } from '../event.ts';
import { createDraft, forget, type Draft, type Learned } from './draft.ts';
import { learnGone, learnSighting } from './learn-jails.ts';
import { forgetHeld, learnOrphan, learnOrphanEnded, learnRecords } from './learn-keeper.ts';
import { dropIfEmpty, learnOrdered, learnProbeEvent, learnRefused, learnRemoved } from './learn-probe.ts';
import type { Observed } from './observed.ts';

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
      draft.keeper = {
        epoch: event.epoch,
        pid: event.pid,
        version: event.version,
        startedAt: event.startedAt,
        listed: false,
      };
      return;
    case 'keeper-listed':
      learnRecords(draft, event.records, event.at);
      return;
    case 'keeper-lost':
      draft.keeper = undefined;
      forgetHeld(draft);
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
    case 'order-refused': {
      const jail = draft.jailOf(event.id);
      if (draft.jails.get(jail)?.probes.has(event.id))
        draft.change(jail, event.id, (probe) => learnRefused(probe, event), event.at);
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
      for (const { id, jail, runs, last } of event.probes) {
        draft.change(
          jail,
          id,
          (probe) => ({
            ...probe,
            runs: probe.runs + runs,
            last: probe.last && probe.last.firedAt >= last.firedAt ? probe.last : last,
          }),
          event.at,
        );
      }
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
      learnRemoved(draft, event);
      return;
    case 'unchanged':
    case 'misconfigured':
    case 'daemon':
      return;
  }
}
