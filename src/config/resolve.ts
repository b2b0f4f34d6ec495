import type { JailConfig, ProbeConfig, Settings, Whereabouts } from './config.ts';
import type { Defaults, ProbeEntry, SettingsEntry } from './config-file.ts';
import type { Draft, DraftJail, DraftProbe } from './draft.ts';
import type { Objection } from './objection.ts';
import { isGlob } from './glob.ts';
import { parseDuration, parseSize } from './quantity.ts';
import type { Lookup } from './users.ts';

/** What a file comes to with the defaults of the main file and the users of the host. */
export interface Resolved {
  readonly jails: readonly JailConfig[];
  readonly objections: readonly Objection[];
}

/** Arguments and environment of a command together: far below what execve(2) takes, and one frame of the keeper. */
const largestCommand = 100 * 1024;

/** Fills in every default, and checks what only then can be known. */
export function resolve(draft: Draft, defaults: Defaults, users: ReadonlyMap<string, Lookup>): Resolved {
  const objections: Objection[] = [];
  const jails = draft.jails.map((jail) => {
    const probes = jail.probes.map((probe) => {
      objections.push(...checkProbe(draft, jail, probe, defaults, users));
      return resolveProbe(probe, defaults, users);
    });
    return {
      name: jail.name,
      glob: isGlob(jail.name),
      whereabouts: whereabouts(jail),
      probes,
      origin: jail.origin,
    };
  });
  return { jails, objections };
}

function whereabouts({ entry: { pid, chroot, path, root } }: DraftJail): Whereabouts {
  if (typeof pid === 'number') return { by: 'pid', pid };
  if (pid !== undefined) return { by: 'pidfile', path: pid };
  if (chroot !== undefined) return { by: 'chroot', path: chroot, ...(root === 'mount' && { mount: true }) };
  return path === undefined ? { by: 'name' } : { by: 'path', path: withoutEnd(path) };
}

/** As the system prints it. */
function withoutEnd(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}

function argvOf(command: ProbeEntry['command']): readonly string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : (command ?? []);
}

function resolveProbe(
  { key, entry, origin }: DraftProbe,
  defaults: Defaults,
  users: ReadonlyMap<string, Lookup>,
): ProbeConfig {
  const all = { ...defaults, ...entry };
  const user = all.run_as === undefined ? undefined : users.get(all.run_as);
  const uid = all.uid ?? 0;
  return {
    key,
    title: entry.title ?? key,
    enabled: entry.enabled ?? true,
    argv: argvOf(entry.command),
    uid,
    gid: all.gid ?? uid,
    groups: all.groups ?? [],
    respawn: all.respawn ?? 'never',
    timeout: parseDuration(all.timeout ?? '0s'),
    killAfter: parseDuration(all.kill_after ?? '10s'),
    cooldown: parseDuration(all.cooldown ?? '0s'),
    concurrency: all.concurrency ?? 10,
    ...(user && !('unknown' in user) && { runAs: user }),
    cwd: all.cwd ?? '/',
    env: { ...defaults.env, ...entry.env },
    receipt: all.receipt ?? false,
    ...(entry.description !== undefined && { description: entry.description }),
    origin,
  };
}

function checkProbe(
  draft: Draft,
  { name }: DraftJail,
  { key, entry }: DraftProbe,
  defaults: Defaults,
  users: ReadonlyMap<string, Lookup>,
): Objection[] {
  const objections: Objection[] = [];
  const path = ['jails', name, 'probes', key];
  const complain = (last: string, code: string, message: string, hint?: string): void => {
    objections.push({ file: draft.file, path: [...path, last], part: 'value', code, message, hint });
  };

  const user = entry.run_as === undefined ? undefined : users.get(entry.run_as);
  if (user && 'unknown' in user)
    complain('run_as', 'unknown-user', `this host has no user ${JSON.stringify(entry.run_as)}`, user.hint);

  const respawn = entry.respawn ?? defaults.respawn ?? 'never';
  if (entry.enabled !== false && (entry.receipt ?? defaults.receipt) === true && respawn !== 'after') {
    const message = `a receipt is part of the next probe's title, and needs respawn: after (here it is ${respawn})`;
    const hint =
      entry.receipt === undefined ? 'receipt: true comes from defaults; say receipt: false here' : undefined;
    complain(entry.receipt === undefined ? 'respawn' : 'receipt', 'receipt', message, hint);
  }

  const argv = argvOf(entry.command).reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
  const env = Object.entries({ ...defaults.env, ...entry.env }).reduce(
    (sum, [variable, value]) => sum + variable.length + Buffer.byteLength(value) + 2,
    0,
  );
  if (argv + env > largestCommand) {
    const message = `command and environment have ${argv + env} bytes together; 100 KiB is the most`;
    complain('command', 'too-large', message);
  }
  return objections;
}

/** The users that a file's probes are to run their commands as. */
export function usersOf(draft: Draft): string[] {
  return draft.jails.flatMap(({ probes }) => probes.flatMap(({ entry }) => entry.run_as ?? []));
}

/** The daemon's settings with every default filled in. */
export function resolveSettings({ rescan, grace, budget, brake, history, output }: SettingsEntry): Settings {
  return {
    rescan: parseDuration(rescan ?? '2s'),
    grace: parseDuration(grace ?? '30s'),
    budget: budget ?? 512,
    brake: { triggers: brake?.triggers ?? 100, within: parseDuration(brake?.within ?? '10s') },
    history: { triggers: history?.triggers ?? 100_000, bytes: parseSize(history?.bytes ?? '64MiB') },
    output: { each: parseSize(output?.each ?? '256KiB'), total: parseSize(output?.total ?? '256MiB') },
  };
}
