import type { Event } from '../event.ts';
import type { Line } from '../history/entry.ts';
import { linesOf, orphanLine, unknownLine, type Naming } from '../history/history.ts';
import { epochOf } from '../keeper/trigger-id.ts';
import type { Observed } from '../plan/observed.ts';
import { reasonOf } from '../reason.ts';
import type { Written } from './written.ts';

/** Puts triggers into the history, and knows what the keeper may forget: only what is on disk. */
export interface Recorder {
  /** Takes a turn's events, before they are learned, and writes what is not yet written. */
  take(events: readonly Event[], observed: Observed): void;
  /** Of each keeper, the newest event that is on disk and not yet acknowledged; it counts as acknowledged from now on. */
  takeAcknowledgements(): readonly Acknowledgement[];
  /** Why the history cannot be written at the moment. */
  readonly error: string | undefined;
}

/** Everything up to this event of this keeper is on disk. */
export interface Acknowledgement {
  readonly epoch: string;
  readonly seq: number;
}

/**
 * @param append writes lines to the history. It throws when the disk is full: the lines are kept and tried again with
 * the next turn, and nothing is acknowledged meanwhile, so that they stay with the keeper too
 * @param written what the history has: of that a line told again makes no second one
 */
export function createRecorder(
  append: (lines: readonly Line[]) => void,
  written: Written,
  naming: (id: string) => Naming,
): Recorder {
  let unwritten: Line[] = [];
  let error: string | undefined;
  const seen = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  /** When the commands that run now have started, by trigger: the event comes before it is learned. */
  const starts = new Map<string, number>();

  function startOf(event: Event & { type: 'finished' }, observed: Observed): number | undefined {
    const known = observed.jails.get(naming(event.id).jail)?.probes.get(event.id)?.commands.get(event.run);
    const startedAt = starts.get(event.run) ?? known?.startedAt;
    starts.delete(event.run);
    return startedAt;
  }

  function linesFrom(event: Event, observed: Observed): Line[] {
    switch (event.type) {
      case 'fired':
        return written.of(event.run) === undefined ? linesOf(event, naming(event.id)) : [];
      case 'finished': {
        const startedAt = startOf(event, observed);
        return written.of(event.run) === 'ended' ? [] : linesOf(event, naming(event.id), startedAt);
      }
      case 'orphaned':
        return event.commands
          .filter(({ told }) => !told)
          .map((orphan) => orphanLine(orphan, naming(orphan.id)));
      case 'orphan-ended':
        return event.told ? [] : [unknownLine(event)];
      default:
        return [];
    }
  }

  function read(event: Event, observed: Observed): void {
    // What it is told may have been lost with the line on which it was.
    if (event.type === 'keeper-found') acknowledged.delete(event.epoch);
    if (event.type === 'keeper-lost') {
      seen.delete(event.epoch);
      acknowledged.delete(event.epoch);
      for (const run of starts.keys()) if (epochOf(run) === event.epoch) starts.delete(run);
    }
    if ('seq' in event) seen.set(event.epoch, Math.max(seen.get(event.epoch) ?? 0, event.seq));
    if (event.type === 'started') starts.set(event.run, event.at);
    const lines = linesFrom(event, observed);
    written.note(lines);
    unwritten.push(...lines);
  }

  return {
    take(events, observed) {
      for (const event of events) read(event, observed);
      if (unwritten.length === 0) return;
      try {
        append(unwritten);
        unwritten = [];
        error = undefined;
      } catch (fault) {
        error = reasonOf(fault);
      }
    },
    takeAcknowledgements() {
      if (unwritten.length > 0) return [];
      const fresh = [...seen].filter(([epoch, seq]) => seq > (acknowledged.get(epoch) ?? 0));
      for (const [epoch, seq] of fresh) acknowledged.set(epoch, seq);
      return fresh.map(([epoch, seq]) => ({ epoch, seq }));
    },
    get error() {
      return error;
    },
  };
}
