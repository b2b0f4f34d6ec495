import type { Orphan } from '../keeper/markers.ts';
import type { ProbeEvent } from '../keeper/messages.ts';
import type { LastTrigger, Observed } from '../plan/observed.ts';
import { endingFields, endingOf, stamp, type Entry, type Line } from './entry.ts';

/** What the lines of an event need to know of its probe. */
export interface Naming {
  readonly jail: string;
  readonly title: string;
}

/** The history's lines of one event: two for each trigger. @param startedAt of the command, ms since 1970, if it is known */
export function linesOf(
  event: Extract<ProbeEvent, { type: 'fired' | 'finished' }>,
  naming: Naming,
  startedAt?: number,
): Line[] {
  if (event.type === 'finished') return [endedLine(event, startedAt)];
  const { run, id, instance, by, at } = event;
  return [{ t: 'fired', id: run, probe: id, instance, ...naming, firedAt: stamp(at), by }];
}

/**
 * The first line of a trigger whose keeper may have died before it could tell of it: by the marker of its command.
 * Where it had told, this line is read as a second one of the same trigger, and changes nothing.
 */
export function orphanLine(orphan: Orphan, naming: Naming, instance: string): Line {
  const { run, id, startedAt } = orphan;
  return { t: 'fired', id: run, probe: id, instance, ...naming, firedAt: stamp(startedAt), by: 'jail' };
}

/** The last line of a trigger whose end nobody saw. */
export function unknownLine({ run, at }: { readonly run: string; readonly at: number }): Line {
  return { t: 'ended', id: run, endedAt: stamp(at), fate: 'unknown' };
}

function endedLine(event: Extract<ProbeEvent, { type: 'finished' }>, startedAt: number | undefined): Line {
  const ran = event.ending.stage === undefined;
  return {
    t: 'ended',
    id: event.run,
    ...(ran && startedAt !== undefined && { startedAt: stamp(startedAt) }),
    endedAt: stamp(event.at),
    ...(ran && { durationMs: event.duration }),
    ...endingFields(event.ending),
    ...(event.timedOut && { timedOut: true }),
    ...(event.folded > 0 && { folded: event.folded }),
  };
}

/** Puts the two lines of each trigger together. */
export interface Merger {
  add(line: Line): void;
  /** Adds a line and gives its entry as it is now; one that has ended is forgotten. */
  step(line: Line, observed: Observed): Entry | undefined;
  /** Oldest first. One that has not ended is `running` or `queued` if the keeper has it, else `unknown`. */
  entries(observed: Observed): Entry[];
}

/** Makes an empty one. */
export function createMerger(): Merger {
  const entries = new Map<string, Entry>();
  const now = (entry: Entry, observed: Observed): Entry =>
    hasEnded(entry) ? entry : { ...entry, ...presentFate(entry, observed) };
  return {
    step(line, observed) {
      this.add(line);
      const entry = entries.get(line.id);
      // A follower may follow for weeks: what has ended is not needed again.
      if (line.t === 'ended') entries.delete(line.id);
      return entry && now(entry, observed);
    },
    add(line) {
      const { t, ...fields } = line;
      const known = entries.get(line.id);
      if (t === 'fired') {
        if (!known) entries.set(line.id, fields as Entry);
      } else if (known) {
        entries.set(line.id, { ...known, ...fields });
      }
    },
    entries: (observed) => [...entries.values()].map((entry) => now(entry, observed)),
  };
}

function hasEnded(entry: Entry): boolean {
  return entry.endedAt !== undefined || entry.fate !== undefined;
}

function presentFate(entry: Entry, observed: Observed): Pick<Entry, 'fate' | 'startedAt'> {
  for (const jail of observed.jails.values()) {
    const command = jail.probes.get(entry.probe)?.commands.get(entry.id);
    if (command)
      return command.startedAt === undefined
        ? { fate: 'queued' }
        : { fate: 'running', startedAt: stamp(command.startedAt) };
  }
  return { fate: 'unknown' };
}

/** Runs and last trigger of each probe, from all that the history still has. */
export async function recallTriggers(
  lines: AsyncIterable<Line>,
): Promise<Map<string, { jail: string; runs: number; last: LastTrigger }>> {
  const probes = new Map<string, { jail: string; runs: number; last: LastTrigger }>();
  const probeOf = new Map<string, string>();
  for await (const line of lines) {
    if (line.t === 'fired') {
      if (probeOf.has(line.id)) continue; // told twice
      const known = probes.get(line.probe);
      probes.set(line.probe, {
        jail: line.jail,
        runs: (known?.runs ?? 0) + 1,
        last: { run: line.id, firedAt: Date.parse(line.firedAt) },
      });
      probeOf.set(line.id, line.probe);
      continue;
    }
    const id = probeOf.get(line.id);
    probeOf.delete(line.id);
    const probe = id === undefined ? undefined : probes.get(id);
    if (probe?.last.run === line.id) probe.last = { ...probe.last, ...lastFrom(line) };
  }
  return probes;
}

function lastFrom(line: Extract<Line, { t: 'ended' }>): Pick<LastTrigger, 'ending' | 'timedOut'> {
  return { ending: endingOf(line), ...(line.timedOut && { timedOut: true }) };
}
