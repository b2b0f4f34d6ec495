import type { Jail } from '../jails/jail.ts';
import type { ProbeEvent } from '../keeper/messages.ts';
import { forget } from './draft.ts';
import type { Held, ObservedProbe } from './observed.ts';
import { factsAfter } from './probe-facts.ts';
import { endsJails, isOver, nameOf, stopped, tagOf, trouble, withdrawn } from './trouble.ts';

/** By which definition the probe is held, and how that is known. */
function orderedTag({ held }: ObservedProbe): Pick<Held, 'tag' | 'updated'> {
  return { tag: held?.tag ?? '', ...(held?.updated && { updated: true }) };
}

/**
 * What the current keeper says of the probe's process, and what that makes of it.
 *
 * @param again a trigger that the keeper tells again, and that is known
 * @param kind of its jail, if that runs
 */
export function probeAfter(
  probe: ObservedProbe,
  event: Exclude<ProbeEvent, { type: 'removed' }>,
  again: boolean,
  kind: Jail['kind'] | undefined,
): ObservedProbe {
  const { at } = event;
  const ordered = orderedTag(probe);
  switch (event.type) {
    case 'armed': {
      const isUpdated = ordered.updated && probe.held?.instance === event.instance;
      const held: Held = {
        state: 'armed',
        ...(isUpdated ? ordered : { tag: event.tag }),
        instance: event.instance,
        pid: event.pid,
        shownTitle: event.title,
      };
      // It may be triggered again: whatever it was before, it is not spent.
      const alive = probe.spentIn === event.instance ? forget(probe, 'spentIn') : probe;
      return { ...(isOver(alive.trouble, event.tag) ? forget(alive, 'trouble') : alive), held, since: at };
    }
    case 'held': {
      const { instance, reason, until } = event;
      const held: Held = {
        state: 'cooling',
        ...ordered,
        instance,
        reason,
        ...(until !== undefined && { until }),
      };
      return { ...probe, held, since: at };
    }
    case 'died': {
      const why = `the probe was ended by ${event.ending.signal === undefined ? `exit ${event.ending.exitCode ?? '?'}` : `signal ${event.ending.signal}`}`;
      const after = stopped(probe, {
        kind: 'died',
        why,
        instance: event.instance,
        tag: tagOf(probe),
        by: nameOf(event),
        at,
      });
      return kind === 'jail' && endsJails(event.ending) ? withdrawn(after, at) : after;
    }
    case 'failed': {
      const { stage, errno, instance } = event;
      const what = {
        kind: 'failed',
        why: `${stage} failed`,
        stage,
        errno,
        instance,
        tag: tagOf(probe),
        by: nameOf(event),
        at,
      } as const;
      const failed = trouble(probe, what);
      // The older process still serves.
      if (probe.held?.state === 'armed' && event.pid !== undefined)
        return { ...probe, held: forget(probe.held, 'replacedBy'), trouble: failed, since: at };
      return stopped(probe, failed);
    }
    case 'spent':
      return {
        ...factsAfter(probe, event, again),
        held: { state: 'spent', ...ordered, instance: event.instance },
      };
    case 'fired': {
      if (again) return factsAfter(probe, event, again);
      const held: Held = { state: 'running', ...ordered, instance: event.instance };
      return { ...forget(factsAfter(probe, event, again), 'trouble'), held };
    }
    case 'started':
    case 'finished':
      return factsAfter(probe, event, again);
  }
}
