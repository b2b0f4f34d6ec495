import type { ListedRecord, ProbeEvent } from '../keeper/messages.ts';
import { epochOf } from '../keeper/trigger-id.ts';
import { forget, withLeaving, type Draft } from './draft.ts';
import { commandFrom, commandsOfOthers } from './learn-keeper.ts';
import { dropIfEmpty } from './learn-probe.ts';
import type { Leaving, ObservedProbe } from './observed.ts';

/** States of a record in which no process of it is there, and none comes by itself. Any other word may mean one. */
const WITHOUT_PROCESS: readonly string[] = ['idle', 'spent', 'removed'];

/** Takes over an older keeper's list of records: it is all that this keeper has. */
export function learnOlderRecords(
  draft: Draft,
  epoch: string,
  records: readonly ListedRecord[],
  at: number,
): void {
  forgetOlder(draft, epoch, new Set(records.map(({ id }) => id)));
  for (const record of records) {
    draft.change(
      draft.jailOf(record.id),
      record.id,
      (probe) => {
        const commands = new Map([...probe.commands].filter(([run]) => epochOf(run) !== epoch));
        for (const run of record.runs) commands.set(run.id, commandFrom(run));
        return {
          ...withLeaving(probe, epoch, leavingFrom(record, epoch, probe)),
          ...((record.once || record.state === 'spent') && { spentIn: record.instance }),
          commands,
        };
      },
      record.since || at,
    );
  }
  const older = draft.leaving.get(epoch);
  if (older) draft.putLeaving(epoch, { ...older, listed: true });
  draft.planEverything();
}

function leavingFrom(record: ListedRecord, epoch: string, probe: ObservedProbe): Leaving | undefined {
  if (WITHOUT_PROCESS.includes(record.state)) return undefined;
  const { instance, pid, title } = record;
  const askedAt = probe.leaving?.find((one) => one.epoch === epoch)?.askedAt;
  return {
    epoch,
    instance,
    ...(pid !== undefined && { pid }),
    ...(title !== undefined && { shownTitle: title }),
    ...(askedAt !== undefined && { askedAt }),
  };
}

/** An older keeper has ended, or its list does not have them: what it held is not there any more. */
export function forgetOlder(draft: Draft, epoch: string, except: ReadonlySet<string> = new Set()): void {
  for (const jail of draft.jails.values()) {
    for (const probe of jail.probes.values()) {
      if (except.has(probe.id)) continue;
      const others = commandsOfOthers(probe, epoch);
      const ranNone = others.length === probe.commands.size;
      if (ranNone && !probe.leaving?.some((one) => one.epoch === epoch)) continue;
      draft.change(
        jail.name,
        probe.id,
        (p) => ({ ...withLeaving(p, epoch, undefined), commands: new Map(others) }),
        probe.since,
      );
      dropIfEmpty(draft, jail.name, probe.id);
    }
  }
}

/** An older keeper was told to take it away. */
export function learnReleasing(draft: Draft, jail: string, id: string, epoch: string, at: number): void {
  draft.change(
    jail,
    id,
    (probe) => {
      const one = probe.leaving?.find((entry) => entry.epoch === epoch);
      return one ? withLeaving(probe, epoch, { ...one, askedAt: at }) : probe;
    },
    at,
  );
}

/** What an older keeper was asked may have been lost with its connection: on this one it was asked nothing yet. */
export function forgetAsked(draft: Draft, epoch: string): void {
  for (const jail of draft.jails.values()) {
    for (const probe of jail.probes.values()) {
      const one = probe.leaving?.find((entry) => entry.epoch === epoch);
      if (one?.askedAt === undefined) continue;
      const again = forget(one, 'askedAt');
      draft.change(jail.name, probe.id, (p) => withLeaving(p, epoch, again), probe.since);
    }
  }
}

/** No process is left of it there: nothing can trigger it in that keeper. */
export function learnReleased(draft: Draft, { id, epoch, at }: ProbeEvent): void {
  const jail = draft.jailOf(id);
  const probe = draft.jails.get(jail)?.probes.get(id);
  if (!probe?.leaving?.some((one) => one.epoch === epoch)) return;
  draft.change(jail, id, (p) => withLeaving(p, epoch, undefined), at);
  dropIfEmpty(draft, jail, id);
}
