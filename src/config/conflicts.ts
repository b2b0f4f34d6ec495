import type { JailConfig, Origin, ProbeConfig } from './config.ts';
import { createDesired } from './desired.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Draft } from './draft.ts';

/** What two places of the files, each sound in itself, have against each other. Always told at the later one. */
export function findConflicts(
  jails: readonly JailConfig[],
  drafts: ReadonlyMap<string, Draft>,
): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const complain = (
    { file }: Origin,
    path: string[],
    part: 'key' | 'value',
    code: string,
    message: string,
    hint?: string,
  ) => {
    const draft = drafts.get(file);
    if (draft) problems.push(draft.complain(path, part, { code, message, hint }));
  };
  const told = new Set<ProbeConfig>();

  const complainOfTitle = (
    jail: string,
    entry: JailConfig,
    probe: ProbeConfig,
    holder: { key: string; origin: Origin },
  ) => {
    if (told.has(probe)) return;
    told.add(probe);
    const message = `the title ${JSON.stringify(probe.title)} is taken in jail ${JSON.stringify(jail)} by ${JSON.stringify(holder.key)}, ${show(holder.origin)}`;
    const hint = 'in one jail each probe has a title of its own';
    complain(
      probe.origin,
      ['jails', entry.name, 'probes', probe.key, 'title'],
      'value',
      'duplicate-title',
      message,
      hint,
    );
  };

  const groups = groupByName(jails);
  for (const [name, entries] of groups) {
    const [place, ...others] = entries.filter((entry) => entry.whereabouts.by !== 'name');
    for (const other of others) {
      if (place === undefined || JSON.stringify(place.whereabouts) === JSON.stringify(other.whereabouts))
        continue;
      const key = other.whereabouts.by === 'chroot' ? 'chroot' : 'pid';
      const message = `jail ${JSON.stringify(name)} is said to be elsewhere at ${show(place.origin)}`;
      complain(
        other.origin,
        ['jails', name, key],
        'value',
        'contradiction',
        message,
        'say it in one of the files',
      );
    }
    const keys = new Map<string, ProbeConfig>();
    const titles = new Map<string, ProbeConfig>();
    for (const entry of entries) {
      for (const probe of entry.probes) {
        const same = keys.get(probe.key);
        const holder = titles.get(probe.title);
        if (same !== undefined) {
          const message = `jail ${JSON.stringify(name)} has a probe ${JSON.stringify(probe.key)} already, ${show(same.origin)}`;
          complain(
            probe.origin,
            ['jails', name, 'probes', probe.key],
            'key',
            'duplicate-probe',
            message,
            'take one of them out',
          );
          told.add(probe);
          continue;
        }
        keys.set(probe.key, probe);
        if (!probe.enabled) continue;
        if (holder !== undefined) complainOfTitle(name, entry, probe, holder);
        else titles.set(probe.title, probe);
      }
    }
  }

  // What patterns bring together in a jail that the file names is as plain from the file alone.
  const globs = jails.filter((jail) => jail.glob);
  if (globs.length === 0) return problems;
  const desired = createDesired({ jails } as Parameters<typeof createDesired>[0]);
  const owners = new Map(jails.flatMap((jail) => jail.probes.map((probe) => [probe, jail] as const)));
  for (const name of desired.jailNames) {
    for (const { probe, clash } of desired.forJail(name)) {
      const entry = owners.get(probe);
      if (clash && entry) complainOfTitle(name, entry, probe, { key: clash.with, origin: clash.origin });
    }
  }
  return problems;
}

const show = ({ file, line, column }: Origin): string => `${file}:${line}:${column}`;

function groupByName(jails: readonly JailConfig[]): Map<string, JailConfig[]> {
  const groups = new Map<string, JailConfig[]>();
  for (const jail of jails) {
    const group = groups.get(jail.name);
    if (group) group.push(jail);
    else groups.set(jail.name, [jail]);
  }
  return groups;
}
