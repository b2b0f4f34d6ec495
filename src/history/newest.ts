import type { Observed } from '../plan/observed.ts';
import { stamp, type Entry, type Line } from './entry.ts';

type Fired = Extract<Line, { t: 'fired' }>;
type Ended = Extract<Line, { t: 'ended' }>;

/** Of which probe a trigger is. */
export type Whose = Pick<Entry, 'probe' | 'jail' | 'title'>;

/** What somebody wants to know of the past. */
export interface Question {
  /** So many of the newest. */
  readonly count: number;
  readonly matches: (trigger: Whose) => boolean;
  /** These too, however old they are, as long as they have not ended. */
  readonly open: ReadonlySet<string>;
}

/** Oldest first. */
export interface Found {
  readonly newest: readonly Entry[];
  readonly open: readonly Entry[];
}

/**
 * Puts the two lines of each trigger together, from the newest backwards, and stops when nothing is missing: what it
 * costs does not grow with the history.
 */
export async function findNewest(
  blocks: AsyncIterable<readonly Line[]>,
  { count, matches, open: ids }: Question,
): Promise<Found> {
  const newest: Entry[] = [];
  const open: Entry[] = [];
  const ends = new Map<string, Ended>();
  const seen = new Set<string>();
  const missing = new Set(ids);
  const isEnough = (): boolean => newest.length >= count && missing.size === 0;

  function take(line: Fired): void {
    const end = ends.get(line.id);
    ends.delete(line.id);
    missing.delete(line.id);
    if (!matches(line)) return;
    if (seen.has(line.id)) return; // written again by a daemon that did not know
    seen.add(line.id);
    const entry = entryOf(line, end);
    if (newest.length < count) newest.push(entry);
    if (!end && ids.has(line.id)) open.push(entry);
  }

  if (!isEnough())
    for await (const block of blocks) {
      for (const line of block) {
        if (line.t === 'fired') take(line);
        else if (!ends.has(line.id)) ends.set(line.id, line);
      }
      if (isEnough()) break;
    }
  return { newest: newest.toReversed(), open: open.toReversed() };
}

function entryOf(line: Fired, end?: Ended): Entry {
  const { t: _, ...fired } = line;
  if (!end) return fired;
  const { t: __, ...ended } = end;
  return { ...fired, ...ended };
}

/** Triggers whose command runs or waits. */
export function openTriggers(observed: Observed): Set<string> {
  const ids = new Set<string>();
  for (const jail of observed.jails.values())
    for (const probe of jail.probes.values()) for (const id of probe.commands.keys()) ids.add(id);
  return ids;
}

/** One that has not ended is `running` or `queued` if the keeper has it, else `unknown`. */
export function entryNow(entry: Entry, observed: Observed): Entry {
  if (entry.endedAt !== undefined) return entry;
  const command = observed.jails.get(entry.jail)?.probes.get(entry.probe)?.commands.get(entry.id);
  if (!command) return { ...entry, fate: 'unknown' };
  if (command.startedAt === undefined) return { ...entry, fate: 'queued' };
  return { ...entry, fate: 'running', startedAt: stamp(command.startedAt) };
}

/** Makes entries of lines as they come. It knows the triggers that have not ended, and no others. */
export interface Merger {
  /** The entry of a line; undefined for the end of what it has never heard of, or has told already. */
  step(line: Line): Entry | undefined;
}

/** @param open triggers that have been told and have not ended */
export function createMerger(open: readonly Entry[]): Merger {
  const entries = new Map(open.map((entry) => [entry.id, entry]));
  return {
    step(line) {
      const known = entries.get(line.id);
      if (line.t === 'fired') {
        if (known) return undefined;
        const entry = entryOf(line);
        entries.set(line.id, entry);
        return entry;
      }
      entries.delete(line.id);
      const { t: _, ...ended } = line;
      return known && { ...known, ...ended };
    },
  };
}
