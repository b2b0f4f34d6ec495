import type { Sighting } from '../jails/jail.ts';
import {
  jailOfId,
  type Adhoc,
  type Observed,
  type ObservedJail,
  type ObservedKeeper,
  type ObservedProbe,
} from './observed.ts';

/** What was learned, and which jails it concerns: only those are planned anew. */
export interface Learned {
  readonly observed: Observed;
  readonly touched: ReadonlySet<string>;
  /** Planning must look at every jail: a new configuration, or a keeper that has just told all it has. */
  readonly everything: boolean;
}

/** The observed world while `learn` writes the next one. */
export type Draft = ReturnType<typeof createDraft>;

/** Copies on the first write: the map of jails once, each touched jail's map of probes once. */
export function createDraft(before: Observed) {
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

/** The same without these: an absent field says "none". */
export function forget<T extends object, K extends keyof T>(from: T, ...names: K[]): T {
  const rest = { ...from };
  for (const name of names) delete rest[name];
  return rest;
}
