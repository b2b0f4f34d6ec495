import type { ConfigFile, ProbeEntry } from './config-file.ts';
import type { Draft } from './draft.ts';
import { checkJail } from './jail-rules.ts';
import type { Objection } from './objection.ts';
import { longest, parseDuration } from './quantity.ts';
import type { Path } from './tree.ts';

/** What jaildaemon tells a command by itself. */
const facts = new Set(['JAIL_NAME', 'JAIL_JID', 'JAIL_PATH', 'JAIL_HOSTNAME', 'PROBE_TITLE', 'TRIGGER_ID']);
const longestCommand = 65_536;

/** What a schema cannot say of one file. */
export function checkDraft(draft: Draft, whole: ConfigFile, main: boolean): Objection[] {
  const problems: Objection[] = [];
  if (!main) {
    for (const key of ['include', 'defaults', 'settings'] as const) {
      if (whole[key] === undefined) continue;
      const message = `only the main file may have ${key}`;
      const hint = 'an included file has jails: and nothing else';
      problems.push({ file: draft.file, path: [key], part: 'key', code: 'not-in-include', message, hint });
    }
  }
  problems.push(
    ...checkTimes(draft, ['defaults'], draft.defaults),
    ...checkEnv(draft, ['defaults'], draft.defaults),
  );
  problems.push(...checkSettings(draft));
  for (const jail of draft.jails) {
    problems.push(...checkJail(draft, jail));
    for (const { key, entry } of jail.probes) {
      const path = ['jails', jail.name, 'probes', key];
      problems.push(...checkTimes(draft, path, entry), ...checkEnv(draft, path, entry));
      problems.push(...checkCommand(draft, path, entry));
    }
  }
  return problems;
}

function checkTimes(draft: Draft, path: Path, entry: object): Objection[] {
  const times = entry as Record<string, unknown>;
  return ['timeout', 'kill_after', 'cooldown', 'rescan', 'grace', 'within'].flatMap((key) => {
    const text = times[key];
    if (typeof text !== 'string' || parseDuration(text) <= longest) return [];
    const message = `${key}: ${text} is too long; the longest duration is 576h (24 days)`;
    return [{ file: draft.file, path: [...path, key], part: 'value', code: 'out-of-range', message }];
  });
}

function checkEnv(draft: Draft, path: Path, { env }: Pick<ProbeEntry, 'env'>): Objection[] {
  return Object.keys(env ?? {}).flatMap((name) => {
    if (!facts.has(name)) return [];
    const message = `${name} is a fact that jaildaemon sets by itself`;
    return [
      {
        file: draft.file,
        path: [...path, 'env', name],
        part: 'key',
        code: 'reserved',
        message,
        hint: 'use another name',
      },
    ];
  });
}

function checkSettings(draft: Draft): Objection[] {
  const { rescan, brake } = draft.settings;
  const problems = [
    ...checkTimes(draft, ['settings'], draft.settings),
    ...checkTimes(draft, ['settings', 'brake'], brake ?? {}),
  ];
  if (rescan !== undefined && parseDuration(rescan) < 100) {
    const message = `rescan: ${rescan} is too short; the shortest is 100ms`;
    problems.push({
      file: draft.file,
      path: ['settings', 'rescan'],
      part: 'value',
      code: 'out-of-range',
      message,
    });
  }
  if (brake?.within !== undefined && parseDuration(brake.within) === 0) {
    const message = 'within: 0s is too short';
    const hint = 'triggers: 0 switches the brake off';
    problems.push({
      file: draft.file,
      path: ['settings', 'brake', 'within'],
      part: 'value',
      code: 'out-of-range',
      message,
      hint,
    });
  }
  return problems;
}

function checkCommand(draft: Draft, path: Path, { command }: ProbeEntry): Objection[] {
  const at: Path = [...path, 'command'];
  if (typeof command === 'string' && Buffer.byteLength(command) > longestCommand) {
    const message = `command: ${Buffer.byteLength(command)} bytes are too many; 64 KiB is the most`;
    const hint = 'put it into a script, and call that';
    return [{ file: draft.file, path: at, part: 'value', code: 'too-large', message, hint }];
  }
  if (typeof command === 'string' && command.trim() === '') {
    const message = 'this command is empty: a trigger is recorded, and nothing else happens';
    return [
      { file: draft.file, path: at, part: 'value', code: 'empty-command', severity: 'warning', message },
    ];
  }
  if (Array.isArray(command) && command[0] === '') {
    const message = 'command[0]: the name of a program is missing';
    return [{ file: draft.file, path: [...at, 0], part: 'value', code: 'bad-value', message }];
  }
  return [];
}
