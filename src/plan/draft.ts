import type { Sighting } from '../jails/jail.ts';
import type { Counted } from './counted.ts';
import type {
  Adhoc,
  Leaving,
  Observed,
  ObservedJail,
  ObservedKeeper,
  ObservedProbe,
  SilentKeeper,
} from './observed.ts';
import { jailOf } from './probe-id.ts';

/** Which probes of which jails to plan anew. */
export type Scope = ReadonlyMap<string, 'all' | ReadonlySet<string>>;

/** What was learned, and what it concerns: the cost of a turn grows with that and not with what is there. */
export interface Learned {
  readonly observed: Observed;
  readonly touched: Scope;
  /** Planning must look at everything: a new configuration, or a keeper that has just told all it has. */
  readonly everything: boolean;
  /** What is wanted may be another now: a jail came, went or became another, or an ad hoc probe did. */
  readonly desireMoved: boolean;
  /** Facts that must outlive the daemon have changed: what is spent, the ad hoc probes. */
  readonly factsMoved: boolean;
}

/** The observed world while `learn` writes the next one. */
export type Draft = ReturnType<typeof createDraft>;

/** Copies on the first write: the map of jails once, each touched jail's map of probes once. */
export function createDraft(before: Observed) {
  let { keeper, leaving, silent, counted } = before;
  let adhoc: Map<string, Adhoc> | undefined;
  let jails: Map<string, ObservedJail> | undefined;
  const owned = new Map<string, Map<string, ObservedProbe>>();
  const touched = new Map<string, 'all' | Set<string>>();
  let everything = false;
  let sighted = false;
  let factsMoved = false;

  const jailsNow = () => jails ?? before.jails;
  const adhocNow = () => adhoc ?? before.adhoc;

  /** The jail's own map of probes, ours to write. */
  function own(name: string): Map<string, ObservedProbe> {
    const mine = owned.get(name);
    if (mine) return mine;
    const old = jailsNow().get(name);
    const probes = new Map(old?.probes);
    jails ??= new Map(before.jails);
    jails.set(name, { ...old, name, probes });
    owned.set(name, probes);
    return probes;
  }

  function touchProbe(jail: string, id: string): void {
    const ids = touched.get(jail);
    if (ids === undefined) touched.set(jail, new Set([id]));
    else if (ids !== 'all') ids.add(id);
  }

  function put(jail: string, id: string, probe: ObservedProbe | undefined): void {
    const probes = own(jail);
    if (probes.get(id)?.spentIn !== probe?.spentIn) factsMoved = true;
    if (probe) probes.set(id, probe);
    else probes.delete(id);
    touchProbe(jail, id);
  }

  return {
    get keeper() {
      return keeper;
    },
    set keeper(value: ObservedKeeper | undefined) {
      keeper = value;
    },
    get leaving(): ReadonlyMap<string, ObservedKeeper> {
      return leaving;
    },
    /** Sets what is known of an older keeper; undefined: it has ended. */
    putLeaving(epoch: string, older: ObservedKeeper | undefined) {
      leaving = replaced(leaving, epoch, older);
    },
    get silent(): ReadonlyMap<string, SilentKeeper> {
      return silent;
    },
    putSilent(epoch: string, one: SilentKeeper | undefined) {
      silent = replaced(silent, epoch, one);
    },
    get counted(): Counted {
      return counted;
    },
    set counted(value: Counted) {
      counted = value;
    },
    get jails(): ReadonlyMap<string, ObservedJail> {
      return jailsNow();
    },
    get adhoc(): ReadonlyMap<string, Adhoc> {
      return adhocNow();
    },
    putAdhoc(one: Adhoc) {
      (adhoc ??= new Map(before.adhoc)).set(one.id, one);
      touchProbe(one.jail, one.id);
    },
    forgetAdhoc(id: string) {
      const one = adhocNow().get(id);
      if (!one) return;
      (adhoc ??= new Map(before.adhoc)).delete(id);
      touchProbe(one.jail, id);
    },
    planEverything() {
      everything = true;
    },
    jailOf: (id: string): string => jailOf({ adhoc: adhocNow(), jails: jailsNow() }, id),
    /** All of the jail is to be planned anew. */
    see(sighting: Sighting, lonely?: readonly number[]) {
      own(sighting.name);
      const jail = jailsNow().get(sighting.name);
      if (jail) jails?.set(sighting.name, { ...forget(jail, 'lonely'), sighting, ...(lonely && { lonely }) });
      touched.set(sighting.name, 'all');
      sighted = true;
    },
    change(jail: string, id: string, change: (probe: ObservedProbe) => ObservedProbe, at: number) {
      put(
        jail,
        id,
        change(jailsNow().get(jail)?.probes.get(id) ?? { id, commands: new Map(), runs: 0, since: at }),
      );
    },
    drop(jail: string, id: string) {
      put(jail, id, undefined);
    },
    finish(): Learned {
      const observed: Observed = {
        ...(keeper && { keeper }),
        leaving,
        silent,
        jails: jailsNow(),
        adhoc: adhocNow(),
        counted,
      };
      const adhocMoved = adhocNow() !== before.adhoc;
      return {
        observed,
        touched,
        everything,
        desireMoved: sighted || adhocMoved || everything,
        factsMoved: factsMoved || adhocMoved,
      };
    },
  };
}

function replaced<V>(map: ReadonlyMap<string, V>, key: string, value: V | undefined): ReadonlyMap<string, V> {
  if (value === undefined && !map.has(key)) return map;
  const next = new Map(map);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}

/** The same without these: an absent field says "none". */
export function forget<T extends object, K extends keyof T>(from: T, ...names: K[]): T {
  const rest = { ...from };
  for (const name of names) delete rest[name];
  return rest;
}

/** The same with this of it in that older keeper; undefined: nothing. */
export function withLeaving(probe: ObservedProbe, epoch: string, one: Leaving | undefined): ObservedProbe {
  const others = (probe.leaving ?? []).filter((entry) => entry.epoch !== epoch);
  const leaving = one ? [...others, one] : others;
  return leaving.length > 0 ? { ...probe, leaving } : forget(probe, 'leaving');
}
