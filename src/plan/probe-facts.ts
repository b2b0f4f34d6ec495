import type { ProbeEvent } from '../keeper/messages.ts';
import { forget, withLeaving } from './draft.ts';
import type { LastTrigger, ObservedProbe } from './observed.ts';

/** A state of the process. */
export type StateEvent = Extract<ProbeEvent, { type: 'armed' | 'held' | 'died' | 'failed' }>;
/** What stays true when that process is gone. */
export type FactEvent = Exclude<ProbeEvent, StateEvent | { type: 'removed' }>;

/** What is true of a probe whichever keeper tells it. The state of a process is true of that keeper alone. */
export function isFact(event: StateEvent | FactEvent): event is FactEvent {
  return ['spent', 'fired', 'started', 'finished'].includes(event.type);
}

/**
 * What it says of the probe, whichever keeper says it.
 *
 * @param again the keeper tells it again, and it is known
 */
export function factsAfter(probe: ObservedProbe, event: FactEvent, again: boolean): ObservedProbe {
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
