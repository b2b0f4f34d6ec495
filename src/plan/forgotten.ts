import { runningJail, type Observed, type ObservedJail, type ObservedProbe } from './observed.ts';

/**
 * Without the jails that nobody wants anything of and where nothing of ours is left: those that were removed from the
 * file, those that were only ever known by a number, and those that the system has listed and does so no more.
 */
export function withoutForgotten(observed: Observed, wanted: ReadonlySet<string>): Observed {
  const jails = new Map(observed.jails);
  for (const jail of observed.jails.values()) {
    if (wanted.has(jail.name) || runningJail(jail)?.kind === 'jail') continue;
    const keep = [...jail.probes.values()].some(
      (probe) =>
        probe.held !== undefined ||
        probe.leaving !== undefined ||
        probe.commands.size > 0 ||
        isSpentStill(jail, probe),
    );
    if (!keep) jails.delete(jail.name);
  }
  return jails.size === observed.jails.size ? observed : { ...observed, jails };
}

/** Whether the instance in which it was spent may go on. */
function isSpentStill({ sighting }: ObservedJail, { spentIn }: ObservedProbe): boolean {
  if (spentIn === undefined || (sighting && 'absent' in sighting)) return false;
  return !sighting || !('jail' in sighting) || sighting.jail.instance === spentIn;
}
