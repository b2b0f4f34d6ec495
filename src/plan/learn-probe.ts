import type { Event } from '../event.ts';
import type { Jail } from '../jails/jail.ts';
import type { Ending, ProbeEvent } from '../keeper/messages.ts';
import { count, isCounted } from './counted.ts';
import { countTries, retryAt } from './backoff.ts';
import { forget, withLeaving, type Draft } from './draft.ts';
import { learnGone } from './learn-jails.ts';
import {
  isAdhoc,
  runningJail,
  type Held,
  type LastTrigger,
  type ObservedProbe,
  type Trouble,
} from './observed.ts';

const [SIGKILL, SIGTERM] = [9, 15];
/** jail(8) waits `stop.timeout`, 10 s, between TERM and the end of a jail; then some, ms. */
const JAIL_STOPS_IN = 15_000;

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
function forgetSpentAdhoc(draft: Draft, id: string): void {
  if (draft.adhoc.get(id)?.probe.respawn === 'never') draft.forgetAdhoc(id);
}

/** Of a probe that the keeper does not hold, that runs nothing and of which no fact is kept, nothing is left to know. */
export function dropIfEmpty(draft: Draft, jail: string, id: string): void {
  const probe = draft.jails.get(jail)?.probes.get(id);
  if (!probe || probe.held || probe.leaving || probe.commands.size > 0 || probe.trouble) return;
  const forgotten = isAdhoc(id) && !draft.adhoc.has(id);
  if (forgotten || (probe.spentIn === undefined && probe.runs === 0)) draft.drop(jail, id);
}

/** An order is on its way to the keeper. */
export function learnOrdered(
  probe: ObservedProbe,
  event: Extract<Event, { type: 'ordered' }>,
): ObservedProbe {
  const { tag, instance, at } = event;
  const held = probe.held;
  if (event.order === 'update' && held) return { ...probe, held: { ...held, tag, updated: true } };
  if (held?.state === 'armed') return { ...probe, held: { ...forget(held, 'updated'), replacedBy: tag } };
  if (held && (held.state === 'running' || held.state === 'cooling'))
    return { ...probe, held: { ...forget(held, 'updated'), tag, instance } };
  const armed: ObservedProbe = { ...probe, held: { state: 'entering', tag, instance }, since: at };
  return forget(armed, 'spentIn');
}

/**
 * The keeper refused an order: what it had, it has. With the same words it would refuse again, so there is a back-off.
 */
export function learnRefused(
  probe: ObservedProbe,
  event: Extract<Event, { type: 'order-refused' }>,
): ObservedProbe {
  const { verb, why, at } = event;
  const { held } = probe;
  // Disarmed meanwhile, or there was nothing to disarm.
  if (!held) return probe;
  if (verb === 'disarm') return forget(probe, 'held');
  const tag = held.replacedBy ?? held.tag;
  const refused = trouble(probe, { kind: 'refused', why, instance: held.instance, tag, at });
  return { ...probe, held: heldStill(held), trouble: refused, since: at };
}

/** By which definition, nobody knows any more, unless it was to be replaced. */
function heldStill(held: Held): Held {
  if (held.replacedBy !== undefined) return forget(held, 'replacedBy');
  return { ...held, tag: '', ...(held.state === 'entering' && { state: 'idle' }) };
}

/**
 * Whether the keeper told it before it took the order for a newer instance of the jail: what it is to say of that one is
 * still to come, and to order it again for each such word would make a process each time.
 */
function isOutdated(probe: ObservedProbe | undefined, event: ProbeEvent): boolean {
  const held = probe?.held;
  return held?.state === 'entering' && 'instance' in event && event.instance !== held.instance;
}

/** By which definition the probe is held, and how that is known. */
function orderedTag({ held }: ObservedProbe): Pick<Held, 'tag' | 'updated'> {
  return { tag: held?.tag ?? '', ...(held?.updated && { updated: true }) };
}

function probeAfter(
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

type StateEvent = Extract<ProbeEvent, { type: 'armed' | 'held' | 'died' | 'failed' }>;
type FactEvent = Exclude<ProbeEvent, StateEvent | { type: 'removed' }>;

/** What is true of a probe whichever keeper tells it. The state of a process is true of that keeper alone. */
function isFact(event: StateEvent | FactEvent): event is FactEvent {
  return ['spent', 'fired', 'started', 'finished'].includes(event.type);
}

/** @param again the keeper tells it again, and it is known */
function factsAfter(probe: ObservedProbe, event: FactEvent, again: boolean): ObservedProbe {
  const { at } = event;
  switch (event.type) {
    case 'spent':
      return { ...probe, spentIn: event.instance, since: at };
    case 'fired': {
      // Spent from this instant, also if the keeper dies before its command has ended.
      const spent = event.once ? { spentIn: event.instance } : {};
      if (again) return { ...probe, ...spent };
      const commands = new Map(probe.commands).set(event.run, { run: event.run, firedAt: at });
      const there = probe.leaving?.find(({ epoch }) => epoch === event.epoch);
      return {
        ...(there ? withLeaving(probe, event.epoch, forget(there, 'pid', 'shownTitle')) : probe),
        ...spent,
        commands,
        runs: probe.runs + 1,
        last: { run: event.run, firedAt: at },
        since: at,
      };
    }
    case 'started': {
      const command = probe.commands.get(event.run);
      if (!command) return probe;
      const commands = new Map(probe.commands).set(event.run, { ...command, startedAt: at, pid: event.pid });
      return { ...probe, commands };
    }
    case 'finished': {
      const firedAt = probe.commands.get(event.run)?.firedAt ?? probe.last?.firedAt ?? at;
      const commands = new Map(probe.commands);
      commands.delete(event.run);
      const newest = probe.last === undefined || probe.last.run === event.run;
      const last = newest ? { run: event.run, firedAt, ...endOf(event) } : probe.last;
      return { ...probe, commands, last };
    }
  }
}

function endOf({
  ending,
  timedOut,
  folded,
}: Extract<ProbeEvent, { type: 'finished' }>): Omit<LastTrigger, 'run' | 'firedAt'> {
  return { ending, timedOut, ...(folded > 0 && { folded }) };
}

/** Its process is gone and the keeper waits for an order. */
function stopped(probe: ObservedProbe, what: Omit<Trouble, 'tries' | 'retryAt'>): ObservedProbe {
  const held: Held = { state: 'idle', tag: tagOf(probe), instance: what.instance };
  return { ...probe, held, trouble: trouble(probe, what), since: what.at };
}

/** jail(8) ends a jail's processes with TERM and, when it removes the jail, with KILL. */
function endsJails({ signal }: Ending): boolean {
  return signal === SIGTERM || signal === SIGKILL;
}

/** While its jail is most likely stopping, a probe stays away for longer than that takes. */
function withdrawn(probe: ObservedProbe, at: number): ObservedProbe {
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
function isOver(known: Trouble | undefined, tag: string): boolean {
  return known !== undefined && known.kind !== 'died' && (known.tag === '' || known.tag === tag);
}

/** Of an event, among those of all keepers. */
function nameOf({ epoch, seq }: ProbeEvent): string {
  return `${epoch}-${seq}`;
}

/** Of the definition that was being tried. */
function tagOf({ held }: ObservedProbe): string {
  return held?.replacedBy ?? held?.tag ?? '';
}

function trouble(probe: ObservedProbe, what: Omit<Trouble, 'tries' | 'retryAt'>): Trouble {
  const known = probe.trouble;
  // The same one, told again.
  if (known?.by !== undefined && known.by === what.by) return known;
  const tries = countTries(probe.trouble, what.at);
  return { ...what, tries, retryAt: retryAt(what.at, tries) };
}
