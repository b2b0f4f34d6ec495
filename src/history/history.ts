import type { Orphan } from '../keeper/markers.ts';
import type { ProbeEvent } from '../keeper/messages.ts';
import { partsOf } from '../keeper/trigger-id.ts';
import type { Newest } from '../plan/counted.ts';
import type { LastTrigger } from '../plan/observed.ts';
import { endingFields, endingOf, stamp, type Line } from './entry.ts';

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
 * The first line of a trigger whose keeper died before it could tell of it: by the marker of its command.
 */
export function orphanLine(orphan: Orphan, naming: Naming): Line {
  const { run, id, instance, startedAt, by } = orphan;
  return { t: 'fired', id: run, probe: id, instance, ...naming, firedAt: stamp(startedAt), by };
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

/** What a probe has behind it. */
export interface Past {
  readonly jail: string;
  readonly runs: number;
  readonly last: LastTrigger;
}

/** Runs and last trigger of each probe, and the newest trigger of each keeper, from all that the history still has. */
export async function recallTriggers(
  lines: AsyncIterable<readonly Line[]>,
): Promise<{ readonly probes: ReadonlyMap<string, Past>; readonly newest: Newest }> {
  const probes = new Map<string, Past>();
  const newest = new Map<string, number>();
  /** Of every trigger: a daemon that died before it had acknowledged one has it written twice. */
  const probeOf = new Map<string, string>();
  for await (const block of lines) {
    for (const line of block) {
      if (line.t === 'fired') {
        if (probeOf.has(line.id)) continue;
        probeOf.set(line.id, line.probe);
        const [epoch, number] = partsOf(line.id);
        newest.set(epoch, Math.max(number, newest.get(epoch) ?? 0));
        const runs = (probes.get(line.probe)?.runs ?? 0) + 1;
        const last = { run: line.id, firedAt: Date.parse(line.firedAt) };
        probes.set(line.probe, { jail: line.jail, runs, last });
        continue;
      }
      const id = probeOf.get(line.id);
      const past = id === undefined ? undefined : probes.get(id);
      if (id !== undefined && past?.last.run === line.id)
        probes.set(id, { ...past, last: { ...past.last, ...lastFrom(line) } });
    }
  }
  return { probes, newest };
}

function lastFrom(line: Extract<Line, { t: 'ended' }>): Omit<LastTrigger, 'run' | 'firedAt'> {
  const { timedOut, folded } = line;
  return { ending: endingOf(line), ...(timedOut && { timedOut }), ...(folded !== undefined && { folded }) };
}
