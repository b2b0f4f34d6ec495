import type { Event } from '../event.ts';
import type { Adhoc, Observed } from '../plan/observed.ts';
import { isAdhoc } from '../plan/probe-id.ts';

/** Facts that outlive the daemon. */
export interface Facts {
  /** Counts successful loads, for ever. */
  readonly generation: number;
  /** Of the configuration that made this generation. */
  readonly digest: string;
  /** The number that the last ad hoc probe had; counted up for ever. */
  readonly adhocCount: number;
  readonly adhoc: readonly Adhoc[];
  readonly spent: readonly (readonly [id: string, jail: string, instance: string])[];
}

const NO_FACTS: Facts = { generation: 0, digest: '', adhocCount: 0, adhoc: [], spent: [] };

/** The facts that the observed world holds. */
export function factsOf(observed: Observed): Pick<Facts, 'adhoc' | 'spent'> {
  const spent: [string, string, string][] = [];
  for (const jail of observed.jails.values()) {
    for (const { id, spentIn } of jail.probes.values())
      if (spentIn !== undefined && (!isAdhoc(id) || observed.adhoc.has(id)))
        spent.push([id, jail.name, spentIn]);
  }
  return { adhoc: [...observed.adhoc.values()], spent };
}

/** What the loop is told of an earlier daemon's facts. */
export function rememberedEvent({ adhoc, spent }: Facts, at: number): Event {
  return { type: 'remembered', at, adhoc, spent };
}

/** What was read, if it is what a daemon wrote. What an earlier version did not know is as at the beginning. */
export function asFacts(found: unknown): Facts | undefined {
  const facts = { ...NO_FACTS, ...(found as Partial<Facts>) };
  const { generation, digest, adhocCount, adhoc, spent } = facts;
  const sound =
    isObject(found) &&
    Number.isInteger(generation) &&
    isText(digest) &&
    Number.isInteger(adhocCount) &&
    Array.isArray(adhoc) &&
    adhoc.every(isAdhocFact) &&
    Array.isArray(spent) &&
    spent.every((one: unknown) => Array.isArray(one) && one.length === 3 && one.every(isText));
  return sound ? facts : undefined;
}

function isAdhocFact(one: unknown): boolean {
  if (!isObject(one)) return false;
  const { id, jail, instance, whereabouts, probe } = one as Partial<Adhoc>;
  return [id, jail, instance].every(isText) && isObject(whereabouts) && isObject(probe);
}

/** An object of JSON, and no array. */
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
