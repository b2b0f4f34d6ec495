import type { HistoryEntry } from '../rig/printed.ts';
import type { Ledger } from './ledger.ts';
import { slotIn } from './probes.ts';
import { UNKNOWN, type Body, type Testimony } from './witness.ts';

/** What is compared: the kernel's word, the commands' own, and jaildaemon's. */
export interface Evidence {
  readonly prefix: string;
  readonly testimony: Testimony;
  readonly ledger: Ledger;
  readonly history: readonly (HistoryEntry & { readonly folded?: number; readonly timedOut?: true })[];
  /** Triggers whose command the monkey has killed. */
  readonly killed: ReadonlySet<string>;
  readonly frozen: readonly { readonly pid: number; readonly from: bigint; readonly to?: bigint }[];
}

/** The two sides, and what lies between them. */
export interface Balance {
  readonly deaths: number;
  readonly folded: number;
  readonly window: number;
  readonly windowMs: number;
  readonly windowStopped: number;
}

/** Between a death by HUP and the first trace of its command a keeper that is killed may forget it, ms. */
const WINDOW_MS = 250;

/** Of nanoseconds. */
export const ms = (ns: bigint): number => Number(ns / 1000n) / 1000;

/**
 * Deaths by HUP on one side, records and what was folded into them on the other, for each life of a keeper and each slot.
 * What is missing must have died just before its keeper was killed.
 */
export function weigh(evidence: Evidence, fail: (what: string) => void): Balance {
  const { prefix, testimony, ledger, history } = evidence;
  // By the word of its command, if it ran: of an ad hoc probe that is forgotten the history has no title.
  const slot = ({ id, probe, title }: HistoryEntry): string =>
    ledger.errands.get(id)?.slot ??
    (probe.startsWith('adhoc/') ? (slotIn(prefix, title) ?? title) : `${probe.slice(1).replace('/p', '.')}`);
  const lives = livesOf(evidence, fail);
  const told = new Map<string, number>(); // by life and slot: records and what was folded into them
  const begun = new Map<string, bigint[]>();
  let folded = 0;
  for (const entry of history) {
    const life = lives.get(epochOf(entry.id));
    folded += entry.folded ?? 0;
    const count = (entry.by === 'jail' ? 1 : 0) + (entry.folded ?? 0);
    if (life === undefined) {
      if (count > 0) fail(`${entry.id} (${entry.probe}): no keeper of that epoch was seen by a command`);
      continue;
    }
    const place = `${life} ${slot(entry)}`;
    told.set(place, (told.get(place) ?? 0) + count);
    const errand = entry.by === 'jail' ? ledger.errands.get(entry.id) : undefined;
    if (errand) begun.set(place, [...(begun.get(place) ?? []), errand.at]);
  }

  const hups = testimony.bodies.filter(({ signal }) => signal === 1);
  const deaths = new Map<string, Body[]>();
  for (const body of hups) {
    const place = `${testimony.keepers.indexOf(body.keeper)} ${body.slot}`;
    const list = deaths.get(place);
    if (list) list.push(body);
    else deaths.set(place, [body]);
  }

  const lost: Body[] = [];
  for (const moments of begun.values()) moments.sort((a, b) => Number(a - b));
  nameUnknown(deaths, begun);
  nameUntold(deaths, told);
  for (const place of new Set([...told.keys(), ...deaths.keys()])) {
    const here = deaths.get(place) ?? [];
    const excess = here.length - (told.get(place) ?? 0);
    const [life = '', where = ''] = place.split(' ');
    const keeper = testimony.keepers[Number(life)];
    if (excess < 0)
      fail(`${where}: ${-excess} more records than deaths by HUP (keeper ${keeper?.pid ?? '?'})`);
    // Which of them it was cannot be told; the last ones are the ones that the keeper's death explains.
    if (excess > 0) lost.push(...here.toSorted((a, b) => Number(a.diedAt! - b.diedAt!)).slice(-excess));
  }
  let windowMs = 0;
  let windowStopped = 0;
  for (const body of lost) {
    const { lag, stopped } = lagOf(body, evidence.frozen);
    if (stopped > 0) windowStopped++;
    else windowMs = Math.max(windowMs, lag);
    if (lag > WINDOW_MS)
      fail(
        `${body.slot}: the HUP that killed process ${body.pid} came to nothing; keeper ${body.keeper.pid} was killed ${lag} ms later`,
      );
  }

  return {
    deaths: hups.length,
    folded,
    window: lost.length - windowStopped,
    windowMs,
    windowStopped,
  };
}

/**
 * Those that died before anybody could read their names: each is of a slot in which a command began before anybody who is
 * known to be of it had died.
 */
function nameUnknown(deaths: Map<string, Body[]>, begun: ReadonlyMap<string, readonly bigint[]>): void {
  for (const [place, moments] of begun) {
    const unknown = deaths.get(`${place.slice(0, place.indexOf(' '))} ${UNKNOWN}`) ?? [];
    const here = deaths.get(place) ?? [];
    const died = ({ diedAt = 0n }: Body, at: bigint): boolean => diedAt <= at;
    for (const [index, at] of moments.entries()) {
      if (here.filter((body) => died(body, at)).length > index) continue;
      const one = unknown.findLastIndex((body) => died(body, at));
      if (one !== -1) here.push(...unknown.splice(one, 1));
    }
    if (here.length > 0) deaths.set(place, here);
  }
}

/**
 * Of the rest each is of a slot that has more records than deaths: the command of such a record never began, so that no
 * moment tells them apart, and any of them will do.
 */
function nameUntold(deaths: Map<string, Body[]>, told: ReadonlyMap<string, number>): void {
  for (const [place, count] of told) {
    const unknown = deaths.get(`${place.slice(0, place.indexOf(' '))} ${UNKNOWN}`) ?? [];
    const here = deaths.get(place) ?? [];
    const lacking = Math.max(0, count - here.length);
    // The first ones: the last are those that the keeper's death may explain.
    if (lacking > 0 && unknown.length > 0) deaths.set(place, [...here, ...unknown.splice(0, lacking)]);
  }
}

const epochOf = (id: string): string => id.slice(0, id.indexOf('-'));

/** Which keeper had which epoch, by the word of the commands whose parent it was: the index of its life. */
function livesOf({ testimony, ledger }: Evidence, fail: (what: string) => void): Map<string, number> {
  const lives = new Map<string, number>();
  const orphans: { epoch: string; at: bigint }[] = [];
  for (const { id, parent, at } of ledger.errands.values()) {
    const index = testimony.keepers.findIndex(
      ({ pid, from, diedAt }) => pid === parent && from <= at && (diedAt === undefined || at <= diedAt),
    );
    if (index === -1) {
      orphans.push({ epoch: epochOf(id), at });
      continue;
    }
    const epoch = epochOf(id);
    const known = lives.get(epoch);
    if (known !== undefined && known !== index) fail(`${id}: two keepers of one epoch`);
    lives.set(epoch, index);
  }
  // A keeper that was killed before any of its commands could see it is the one that died last before them.
  for (const { epoch, at } of orphans) {
    if (lives.has(epoch)) continue;
    const index = testimony.keepers.findLastIndex(({ diedAt }) => diedAt !== undefined && diedAt <= at);
    if (index !== -1) lives.set(epoch, index);
  }
  return lives;
}

/**
 * How long after the probe its keeper was killed, ms, and for how much of that it had been stopped, which is not counted.
 * Infinity if it was not killed: then nothing explains that a HUP came to nothing.
 */
function lagOf({ diedAt = 0n, keeper }: Body, frozen: Evidence['frozen']): { lag: number; stopped: number } {
  const { pid, diedAt: end } = keeper;
  if (end === undefined || keeper.signal !== 9) return { lag: Infinity, stopped: 0 };
  let stopped = 0n;
  let counted = diedAt; // two may stop it at once
  for (const { pid: its, from, to = end } of frozen.toSorted((a, b) => Number(a.from - b.from))) {
    const [begin, stop] = [from > counted ? from : counted, to < end ? to : end];
    if (its !== pid || begin >= stop) continue;
    stopped += stop - begin;
    counted = stop;
  }
  return { lag: ms(end - diedAt - stopped), stopped: ms(stopped) };
}
