import type { Entrance, Sighting } from '../jails/jail.ts';
import { forget, type Draft } from './draft.ts';
import { runningJail, type ObservedJail } from './observed.ts';

/** Takes over what a look found. A jail that could not be looked at says nothing about its instances. */
export function learnSighting(draft: Draft, sighting: Sighting): void {
  const jail = draft.jails.get(sighting.name);
  const lonely = leftAlone(sighting, jail);
  if (jail?.sighting && sameSighting(jail.sighting, sighting) && jail.lonely === lonely) return;
  // The keeper tells when that process ends, or an arming does.
  if ('unsure' in sighting && runningJail(jail)) return;
  draft.see(sighting, lonely);
  if ('refused' in sighting) return;
  const instance = instanceIn(sighting);
  endInstances(draft, sighting.name, (ended) => ended !== instance);
}

function sameSighting(a: Sighting, b: Sighting): boolean {
  if ('jail' in a && 'jail' in b)
    return (
      a.jail.instance === b.jail.instance &&
      a.jail.path === b.jail.path &&
      a.jail.hostname === b.jail.hostname &&
      sameRoot(a.jail.entrance, b.jail.entrance)
    );
  if ('absent' in a && 'absent' in b) return a.absent === b.absent;
  return 'refused' in a && 'refused' in b && a.refused === b.refused;
}

function sameRoot(a: Entrance, b: Entrance): boolean {
  if (a.by === 'chroot' && b.by === 'chroot' && (a.root !== b.root || a.mount !== b.mount)) return false;
  return a.by === 'pid' || b.by === 'pid' || (a.dev === b.dev && a.ino === b.ino);
}

/**
 * The processes of a jail that ends with its last one, if all of them are probes of ours. Those that are being taken away
 * for that reason still count as ours; who comes in meanwhile ends it.
 */
function leftAlone(sighting: Sighting, before: ObservedJail | undefined): readonly number[] | undefined {
  const residents = 'jail' in sighting ? sighting.jail.residents : undefined;
  if (!residents || !before) return undefined;
  const known = runningJail(before)?.instance === instanceIn(sighting) ? before.lonely : undefined;
  const ours = new Set(known);
  for (const { held } of before.probes.values()) if (held?.pid !== undefined) ours.add(held.pid);
  if (!residents.every((pid) => ours.has(pid))) return undefined;
  return known ?? residents;
}

function instanceIn(sighting: Sighting): string | undefined {
  return 'jail' in sighting ? sighting.jail.instance : undefined;
}

/** What was a fact about an ended instance is one no more: `spent`, its troubles, and the ad hoc probes that it had. */
function endInstances(draft: Draft, name: string, ended: (instance: string) => boolean): void {
  for (const adhoc of draft.adhoc.values()) {
    if (adhoc.jail === name && ended(adhoc.instance)) draft.forgetAdhoc(adhoc.id);
  }
  for (const probe of draft.jails.get(name)?.probes.values() ?? []) {
    let after = probe;
    if (after.spentIn !== undefined && ended(after.spentIn)) after = forget(after, 'spentIn');
    if (after.trouble && ended(after.trouble.instance)) after = forget(after, 'trouble');
    if (after !== probe) draft.change(name, probe.id, () => after, probe.since);
  }
}

/** The process that stood for an instance has ended. */
export function learnGone(draft: Draft, instance: string): void {
  for (const jail of draft.jails.values()) {
    if (runningJail(jail)?.instance !== instance) continue;
    const how = runningJail(jail)?.kind === 'jail' ? 'it has been removed' : 'its first process has ended';
    draft.see({ name: jail.name, absent: how });
    endInstances(draft, jail.name, (ended) => ended === instance);
  }
}
