import type { Orphan } from '../keeper/markers.ts';
import type { ListedRecord } from '../keeper/messages.ts';
import { epochOf } from '../keeper/trigger-id.ts';
import { isCounted } from './counted.ts';
import { forget, type Draft } from './draft.ts';
import { dropIfEmpty, forgetSpentAdhoc } from './learn-probe.ts';
import { runningJail, type Command, type Held, type ObservedProbe } from './observed.ts';

/** Takes over the current keeper's list of records: it is all that this keeper has. */
export function learnRecords(
  draft: Draft,
  epoch: string,
  records: readonly ListedRecord[],
  at: number,
): void {
  const listed = new Set(records.map((record) => record.id));
  forgetHeld(draft, epoch, listed);
  for (const record of records) {
    draft.change(
      draft.jailOf(record.id),
      record.id,
      (probe) => ({
        ...forget(probe, 'held'),
        ...((record.once || record.state === 'spent') && { spentIn: record.instance }),
        // Of one that is removed only commands are left.
        ...(record.state !== 'removed' && { held: heldFrom(record) }),
        commands: new Map([
          ...commandsOfOthers(probe, epoch),
          ...record.runs.map((run): [string, Command] => [run.id, commandFrom(run)]),
        ]),
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

/** A command as its keeper lists it. */
export function commandFrom({ id, firedAt, startedAt, pid }: ListedRecord['runs'][number]): Command {
  return {
    run: id,
    firedAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(pid !== undefined && { pid }),
  };
}

/** That keeper has ended, or its list does not have them: whatever it held is not there any more. */
export function forgetHeld(draft: Draft, epoch: string, except: ReadonlySet<string> = new Set()): void {
  for (const jail of draft.jails.values()) {
    for (const probe of jail.probes.values()) {
      const others = commandsOfOthers(probe, epoch);
      if (except.has(probe.id) || (!probe.held && others.length === probe.commands.size)) continue;
      draft.change(
        jail.name,
        probe.id,
        (p) => ({ ...forget(p, 'held'), ...spentBy(p, others.length), commands: new Map(others) }),
        probe.since,
      );
      dropIfEmpty(draft, jail.name, probe.id);
    }
  }
}

/** One that has become `never` while its command ran would have been spent when that had ended. */
function spentBy({ held, ordered, commands }: ObservedProbe, others: number): { spentIn?: string } {
  const runs = held?.state === 'running' && others < commands.size;
  return runs && ordered?.probe.respawn === 'never' ? { spentIn: held.instance } : {};
}

/** Those that this keeper does not know of: of older ones, and of dead ones. */
export function commandsOfOthers(probe: ObservedProbe, epoch: string): [string, Command][] {
  return [...probe.commands].filter(([run, { orphan }]) => orphan || epochOf(run) !== epoch);
}

/**
 * A command whose keeper has died, and that still runs. That it was fired may never have been told. Markers are found in
 * any order: one more is counted, and nothing is said of those with lower numbers.
 */
export function learnOrphan(draft: Draft, orphan: Orphan & { readonly told: boolean }, at: number): void {
  const { id, run, pid, startedAt, instance, once, told } = orphan;
  const name = draft.jailOf(id);
  const command: Command = { run, firedAt: startedAt, startedAt, pid, orphan: true };
  const jail = runningJail(draft.jails.get(name));
  // What was spent in an earlier life of the jail is not so in this one.
  const spent = once && (!jail || jail.instance === instance) ? { spentIn: instance } : {};
  const known = told || isCounted(draft.counted, run);
  draft.change(
    name,
    id,
    (probe) => ({
      ...probe,
      ...spent,
      commands: new Map(probe.commands).set(run, command),
      ...(!known && !probe.commands.has(run) && { last: { run, firedAt: startedAt }, runs: probe.runs + 1 }),
    }),
    at,
  );
}

/** It runs no more; nobody saw how it ended. */
export function learnOrphanEnded(draft: Draft, id: string, run: string, at: number): void {
  const jail = draft.jailOf(id);
  if (!draft.jails.get(jail)?.probes.get(id)?.commands.has(run)) return;
  draft.change(
    jail,
    id,
    (probe) => {
      const commands = new Map(probe.commands);
      commands.delete(run);
      return { ...probe, commands };
    },
    at,
  );
  forgetSpentAdhoc(draft, id);
  dropIfEmpty(draft, jail, id);
}
