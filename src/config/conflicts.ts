import type { JailConfig, Origin, ProbeConfig } from './config.ts';
import { createDeclared } from './declared.ts';
import type { Objection } from './objection.ts';

/** What two places of the files, each sound in itself, have against each other. Always told at the later one. */
export function findConflicts(jails: readonly JailConfig[]): Objection[] {
  const objections: Objection[] = [];
  // One probe is told of once, however many jails it is in.
  const told = new Set<ProbeConfig>();
  for (const [name, entries] of groupByName(jails)) {
    objections.push(...findContradictions(name, entries), ...findDuplicates(name, entries, told));
  }
  return [...objections, ...findMeetings(jails, told)];
}

/** One jail that is said to be at two places. */
function findContradictions(name: string, entries: readonly JailConfig[]): Objection[] {
  const [first, ...others] = entries.filter((entry) => entry.whereabouts.by !== 'name');
  return others.flatMap(({ whereabouts, origin: { file } }) => {
    if (first === undefined || JSON.stringify(first.whereabouts) === JSON.stringify(whereabouts)) return [];
    const path = ['jails', name, whereabouts.by === 'pidfile' ? 'pid' : whereabouts.by];
    const message = `jail ${quote(name)} is said to be elsewhere at ${show(first.origin)}`;
    return [
      { file, path, part: 'value', code: 'contradiction', message, hint: 'say it in one of the files' },
    ];
  });
}

/** A key or a title that entries of the same name, in different files, give twice. */
function findDuplicates(name: string, entries: readonly JailConfig[], told: Set<ProbeConfig>): Objection[] {
  const objections: Objection[] = [];
  const keys = new Map<string, ProbeConfig>();
  const titles = new Map<string, ProbeConfig>();
  for (const probe of entries.flatMap((entry) => entry.probes)) {
    const same = keys.get(probe.key);
    const holder = titles.get(probe.title);
    if (same !== undefined) {
      told.add(probe);
      objections.push(duplicateKey(name, probe, same));
      continue;
    }
    keys.set(probe.key, probe);
    if (!probe.enabled) continue;
    if (holder === undefined) titles.set(probe.title, probe);
    else {
      told.add(probe);
      objections.push(duplicateTitle(name, name, probe, holder.key, holder.origin));
    }
  }
  return objections;
}

/** Titles that patterns bring together in a jail that the files name: as plain as if they stood side by side. */
function findMeetings(jails: readonly JailConfig[], told: Set<ProbeConfig>): Objection[] {
  if (!jails.some((jail) => jail.glob)) return [];
  const declared = createDeclared({ jails });
  const entries = new Map(jails.flatMap((jail) => jail.probes.map((probe) => [probe, jail.name] as const)));
  return declared.jailNames.flatMap((name) =>
    declared.forJail(name).flatMap(({ probe, clash }) => {
      const entry = entries.get(probe);
      if (clash === undefined || entry === undefined || told.has(probe)) return [];
      told.add(probe);
      return [duplicateTitle(name, entry, probe, clash.with, clash.origin)];
    }),
  );
}

function duplicateKey(jail: string, { key, origin }: ProbeConfig, same: ProbeConfig): Objection {
  const path = ['jails', jail, 'probes', key];
  const message = `jail ${quote(jail)} has a probe ${quote(key)} already, at ${show(same.origin)}`;
  const hint = 'take one of them out';
  return { file: origin.file, path, part: 'key', code: 'duplicate-probe', message, hint };
}

function duplicateTitle(
  jail: string,
  entry: string,
  { key, title, origin }: ProbeConfig,
  holder: string,
  at: Origin,
): Objection {
  const path = ['jails', entry, 'probes', key, 'title'];
  const message = `the title ${quote(title)} is taken in jail ${quote(jail)} by ${quote(holder)}, at ${show(at)}`;
  const hint = 'in one jail each probe has a title of its own';
  return { file: origin.file, path, part: 'value', code: 'duplicate-title', message, hint };
}

const quote = (text: string): string => JSON.stringify(text);
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
