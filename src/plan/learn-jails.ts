import type { Sighting } from '../jails/jail.ts';
import { forget, type Draft } from './draft.ts';
import { runningJail } from './observed.ts';

/** Takes over what a look found. A jail that could not be looked at says nothing about its instances. */
export function learnSighting(draft: Draft, sighting: Sighting): void {
  const jail = draft.jails.get(sighting.name);
  if (jail?.sighting && sameSighting(jail.sighting, sighting)) return;
  // The keeper tells when that process ends, or an arming does.
  if ('absent' in sighting && sighting.unsure && runningJail(jail)) return;
  draft.see(sighting);
  if ('refused' in sighting) return;
  const instance = 'jail' in sighting ? sighting.jail.instance : undefined;
  endInstances(draft, sighting.name, (ended) => ended !== instance);
}

function sameSighting(a: Sighting, b: Sighting): boolean {
  if ('jail' in a && 'jail' in b)
    return (
      a.jail.instance === b.jail.instance &&
      a.jail.path === b.jail.path &&
      a.jail.hostname === b.jail.hostname
    );
  if ('absent' in a && 'absent' in b) return a.absent === b.absent;
  return 'refused' in a && 'refused' in b && a.refused === b.refused;
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
    draft.see({ name: jail.name, absent: 'its first process has ended' });
    endInstances(draft, jail.name, (ended) => ended === instance);
  }
}
