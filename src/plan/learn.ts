import type { Event } from '../event.ts';
import type { Sighting } from '../jails/jail.ts';
import type { ListedRecord, ProbeEvent } from '../keeper/messages.ts';
import { countTries, retryAt } from './backoff.ts';
import {
  jailOfId,
  runningJail,
  type Adhoc,
  type Command,
  type Held,
  type Observed,
  type ObservedJail,
  type ObservedKeeper,
  type ObservedProbe,
  type Trouble,
} from './observed.ts';

/** What was learned, and which jails it concerns: only those are planned anew. */
export interface Learned {
  readonly observed: Observed;
  readonly touched: ReadonlySet<string>;
  /** Planning must look at every jail: a new configuration, or a keeper that has just told all it has. */
  readonly everything: boolean;
}

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

type Draft = ReturnType<typeof createDraft>;

/** Copies on the first write: the map of jails once, each touched jail's map of probes once. */
function createDraft(before: Observed) {
  let keeper = before.keeper;
  let adhoc: Map<string, Adhoc> | undefined;
  let jails: Map<string, ObservedJail> | undefined;
  const owned = new Map<string, Map<string, ObservedProbe>>();
  let everything = false;

  const jailsNow = () => jails ?? before.jails;
  const adhocNow = () => adhoc ?? before.adhoc;

  /** The jail's own map of probes, ours to write. */
  function touch(name: string): Map<string, ObservedProbe> {
    const mine = owned.get(name);
    if (mine) return mine;
    const old = jailsNow().get(name);
    const probes = new Map(old?.probes);
    jails ??= new Map(before.jails);
    jails.set(name, { ...old, name, probes });
    owned.set(name, probes);
    return probes;
  }

  return {
    get keeper() {
      return keeper;
    },
    set keeper(value: ObservedKeeper | undefined) {
      keeper = value;
    },
    get jails(): ReadonlyMap<string, ObservedJail> {
      return jailsNow();
    },
    get adhoc(): ReadonlyMap<string, Adhoc> {
      return adhocNow();
    },
    ownAdhoc(): Map<string, Adhoc> {
      return (adhoc ??= new Map(before.adhoc));
    },
    planEverything() {
      everything = true;
    },
    touch,
    /** Where a probe lives: an ad hoc one in the jail that it was asked for. */
    jailOf(id: string): string {
      return adhocNow().get(id)?.jail ?? jailOfId(id);
    },
    see(sighting: Sighting) {
      touch(sighting.name);
      const jail = jailsNow().get(sighting.name);
      if (jail) jails?.set(sighting.name, { ...jail, sighting });
    },
    change(jail: string, id: string, change: (probe: ObservedProbe) => ObservedProbe, at: number) {
      const probes = touch(jail);
      probes.set(id, change(probes.get(id) ?? { id, commands: new Map(), runs: 0, since: at }));
    },
    /** Forgets a jail of which nothing is left to say. */
    finish(): Learned {
      const observed: Observed = {
        ...(keeper && { keeper }),
        jails: jailsNow(),
        adhoc: adhocNow(),
      };
      return { observed, touched: new Set(owned.keys()), everything };
    },
  };
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
        draft.change(jail, event.id, (probe) => learnRefused(probe, event.why, event.at), event.at);
      return;
    }
    case 'attached':
      draft.ownAdhoc().set(event.adhoc.id, event.adhoc);
      draft.touch(event.adhoc.jail);
      return;
    case 'detached': {
      const jail = draft.jailOf(event.id);
      draft.touch(jail);
      draft.ownAdhoc().delete(event.id);
      return;
    }
    case 'remembered':
      for (const adhoc of event.adhoc) draft.ownAdhoc().set(adhoc.id, adhoc);
      for (const [id, jail, instance] of event.spent)
        draft.change(jail, id, (probe) => ({ ...probe, spentIn: instance }), event.at);
      return;
    case 'recalled':
      for (const { id, jail, runs, last } of event.probes) {
        draft.change(
          jail,
          id,
          (probe) => ({ ...probe, runs: probe.runs + runs, last: probe.last ?? last }),
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
    case 'unchanged':
    case 'misconfigured':
    case 'daemon':
      return;
  }
}

function learnSighting(draft: Draft, sighting: Sighting): void {
  const jail = draft.jails.get(sighting.name);
  if (jail?.sighting && sameSighting(jail.sighting, sighting)) return;
  draft.see(sighting);
  if ('refused' in sighting) return;
  const instance = 'jail' in sighting ? sighting.jail.instance : undefined;
  endInstances(draft, sighting.name, (ended) => ended !== instance);
}

function sameSighting(a: Sighting, b: Sighting): boolean {
  if ('jail' in a && 'jail' in b)
    return (
      a.jail.instance === b.jail.instance &&
      a.jail.path === b.jail.path &&
      a.jail.hostname === b.jail.hostname
    );
  if ('absent' in a && 'absent' in b) return a.absent === b.absent;
  return 'refused' in a && 'refused' in b && a.refused === b.refused;
}

/** What was a fact about an ended instance is one no more: `spent`, its troubles, and the ad hoc probes that it had. */
function endInstances(draft: Draft, name: string, ended: (instance: string) => boolean): void {
  for (const adhoc of draft.adhoc.values()) {
    if (adhoc.jail === name && ended(adhoc.instance)) draft.ownAdhoc().delete(adhoc.id);
  }
  const probes = draft.touch(name);
  for (const probe of probes.values()) {
    let after = probe;
    if (after.spentIn !== undefined && ended(after.spentIn)) after = forget(after, 'spentIn');
    if (after.trouble && ended(after.trouble.instance)) after = forget(after, 'trouble');
    if (after !== probe) probes.set(probe.id, after);
  }
}

function learnGone(draft: Draft, instance: string): void {
  for (const jail of draft.jails.values()) {
    if (runningJail(jail)?.instance !== instance) continue;
    draft.see({ name: jail.name, absent: 'its first process has ended' });
    endInstances(draft, jail.name, (ended) => ended === instance);
  }
}

function learnRecords(draft: Draft, records: readonly ListedRecord[], at: number): void {
  const listed = new Set(records.map((record) => record.id));
  forgetHeld(draft, listed);
  for (const record of records) {
    draft.change(
      draft.jailOf(record.id),
      record.id,
      (probe) => ({
        ...probe,
        held: heldFrom(record),
        commands: new Map(record.runs.map((run): [string, Command] => [run.id, commandFrom(run)])),
        since: record.since || at,
      }),
      at,
    );
  }
  if (draft.keeper) draft.keeper = { ...draft.keeper, listed: true };
  draft.planEverything();
}

function heldFrom(record: ListedRecord): Held {
  const { state, tag, instance, pid, title, reason, until } = record;
  return {
    state,
    tag,
    instance,
    ...(pid !== undefined && { pid }),
    ...(title !== undefined && { shownTitle: title }),
    ...(reason !== undefined && { reason }),
    ...(until !== undefined && { until }),
  };
}

function commandFrom({ id, firedAt, startedAt, pid }: ListedRecord['runs'][number]): Command {
  return {
    run: id,
    firedAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(pid !== undefined && { pid }),
  };
}

/** No keeper, or a list without them: whatever was held is not there any more. */
function forgetHeld(draft: Draft, except: ReadonlySet<string> = new Set()): void {
  for (const jail of draft.jails.values()) {
    for (const probe of jail.probes.values()) {
      if (except.has(probe.id) || (!probe.held && probe.commands.size === 0)) continue;
      draft.change(jail.name, probe.id, (p) => ({ ...forget(p, 'held'), commands: new Map() }), probe.since);
      dropIfEmpty(draft, jail.name, probe.id);
    }
  }
}

function learnOrdered(probe: ObservedProbe, event: Extract<Event, { type: 'ordered' }>): ObservedProbe {
  const { tag, instance, at } = event;
  const held = probe.held;
  if (event.order === 'update' && held) return { ...probe, held: { ...held, tag } };
  if (held?.state === 'armed') return { ...probe, held: { ...held, replacedBy: tag } };
  if (held && (held.state === 'running' || held.state === 'cooling'))
    return { ...probe, held: { ...held, tag, instance } };
  const armed: ObservedProbe = { ...probe, held: { state: 'entering', tag, instance }, since: at };
  return forget(armed, 'spentIn');
}

function learnRefused(probe: ObservedProbe, why: string, at: number): ObservedProbe {
  const instance = probe.held?.instance ?? '';
  return {
    ...forget(probe, 'held'),
    trouble: trouble(probe, { kind: 'refused', why, instance, at }),
    since: at,
  };
}

function trouble(probe: ObservedProbe, what: Omit<Trouble, 'tries' | 'retryAt'>): Trouble {
  const tries = countTries(probe.trouble, what.at);
  return { ...what, tries, retryAt: retryAt(what.at, tries) };
}

function learnProbeEvent(draft: Draft, event: ProbeEvent): void {
  const jail = draft.jailOf(event.id);
  draft.change(jail, event.id, (probe) => probeAfter(probe, event), event.at);
  if (event.type === 'finished') {
    forgetSpentAdhoc(draft, event.id);
    dropIfEmpty(draft, jail, event.id);
  }
}

/** An ad hoc probe that fires once is forgotten when its command has ended. */
function forgetSpentAdhoc(draft: Draft, id: string): void {
  const adhoc = draft.adhoc.get(id);
  if (adhoc?.probe.respawn === 'never') draft.ownAdhoc().delete(id);
}

/** Of a probe that the keeper does not hold, that runs nothing and of which no fact is kept, nothing is left to know. */
function dropIfEmpty(draft: Draft, jail: string, id: string): void {
  const probes = draft.touch(jail);
  const probe = probes.get(id);
  if (probe && !probe.held && probe.commands.size === 0 && probe.spentIn === undefined && probe.runs === 0)
    probes.delete(id);
}

function probeAfter(probe: ObservedProbe, event: ProbeEvent): ObservedProbe {
  const { at } = event;
  switch (event.type) {
    case 'armed': {
      const held: Held = {
        state: 'armed',
        tag: event.tag,
        instance: event.instance,
        pid: event.pid,
        shownTitle: event.title,
      };
      return { ...probe, held, since: at };
    }
    case 'held': {
      const { instance, reason, until } = event;
      const held: Held = {
        state: 'cooling',
        tag: probe.held?.tag ?? '',
        instance,
        reason,
        ...(until !== undefined && { until }),
      };
      return { ...probe, held, since: at };
    }
    case 'died': {
      const why = `the probe was ended by ${event.ending.signal === undefined ? `exit ${event.ending.exitCode ?? '?'}` : `signal ${event.ending.signal}`}`;
      return stopped(probe, { kind: 'died', why, instance: event.instance, at });
    }
    case 'failed': {
      const { stage, errno, instance } = event;
      const failed = trouble(probe, { kind: 'failed', why: `${stage} failed`, stage, errno, instance, at });
      if (probe.held?.replacedBy !== undefined)
        return { ...probe, held: forget(probe.held, 'replacedBy'), trouble: failed, since: at };
      return stopped(probe, failed);
    }
    case 'spent':
      return {
        ...probe,
        spentIn: event.instance,
        held: { state: 'spent', tag: probe.held?.tag ?? '', instance: event.instance },
        since: at,
      };
    case 'fired': {
      if (probe.commands.has(event.run) || probe.last?.run === event.run) return probe;
      const commands = new Map(probe.commands).set(event.run, { run: event.run, firedAt: at });
      const held: Held = { state: 'running', tag: probe.held?.tag ?? '', instance: event.instance };
      return {
        ...forget(probe, 'trouble'),
        commands,
        held,
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
      const last = newest
        ? { run: event.run, firedAt, ending: event.ending, timedOut: event.timedOut }
        : probe.last;
      return { ...probe, commands, last };
    }
  }
}

/** Its process is gone and the keeper waits for an order. */
function stopped(probe: ObservedProbe, what: Omit<Trouble, 'tries' | 'retryAt'>): ObservedProbe {
  const held: Held = { state: 'idle', tag: probe.held?.tag ?? '', instance: what.instance };
  return { ...probe, held, trouble: trouble(probe, what), since: what.at };
}

/** The same without these: an absent field says "none". */
function forget<T extends object, K extends keyof T>(from: T, ...names: K[]): T {
  const rest = { ...from };
  for (const name of names) delete rest[name];
  return rest;
}
