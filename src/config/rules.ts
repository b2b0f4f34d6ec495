import type { ConfigFile, JailEntry, ProbeEntry } from './config-file.ts';
import type { Draft, DraftJail, Objection } from './draft.ts';
import { isGlob } from './glob.ts';
import { longest, parseDuration } from './quantity.ts';
import { PLATFORM, type Platform } from '../platform.ts';
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

function checkJail(draft: Draft, { name, entry }: DraftJail): Objection[] {
  const jid = isJid(name);
  const where = places.find((key) => entry[key] !== undefined);
  if ((isGlob(name) || jid) && where !== undefined) {
    const what = jid ? 'a key of digits is a jid' : 'a pattern stands for many jails';
    const message = `${what}, and cannot have ${where}:`;
    return [
      {
        file: draft.file,
        path: ['jails', name, where],
        part: 'key',
        code: 'contradiction',
        message,
        hint: 'use a name',
      },
    ];
  }
  if (name === 'adhoc') {
    const message =
      'adhoc: the ids of ad hoc probes begin with this word, so no jail may have it as its name';
    return [
      {
        file: draft.file,
        path: ['jails', name],
        part: 'key',
        code: 'reserved',
        message,
        hint: 'use another name',
      },
    ];
  }
  const root = objectionToRoot(entry, PLATFORM);
  if (root !== undefined) {
    const path = ['jails', name, 'root'];
    return [{ file: draft.file, path, part: 'value', code: 'contradiction', ...root }];
  }
  const strange = where && strangeHere[PLATFORM === 'Linux' ? 'Linux' : 'BSD'][where];
  if (strange) {
    const path: Path = ['jails', name, where];
    return [{ file: draft.file, path, part: 'key', code: 'not-here', severity: 'warning', ...strange }];
  }
  if (!jid || PLATFORM !== 'Linux') return [];
  const message = `a key of digits is a jid, which Linux does not have: ${name} never matches`;
  const hint = `for the jail of a process write a name, and under it pid: ${name}`;
  return [
    {
      file: draft.file,
      path: ['jails', name],
      part: 'key',
      code: 'no-jids',
      severity: 'warning',
      message,
      hint,
    },
  ];
}

/** What is wrong with `root`, which says how a `chroot` is entered. */
export function objectionToRoot(
  { root, chroot }: Pick<JailEntry, 'root' | 'chroot'>,
  platform: Platform,
): { message: string; hint: string } | undefined {
  if (root === undefined) return undefined;
  if (chroot === undefined)
    return {
      message: 'root says how a chroot is entered, and here is none',
      hint: 'add chroot:, or take it out',
    };
  if (root === 'path' || platform === 'Linux') return undefined;
  const message = `root: mount needs the mount namespaces of Linux, and this is ${platform}`;
  return { message, hint: 'say root: path, or take it out' };
}

const places = ['pid', 'chroot', 'path'] as const;
type Where = (typeof places)[number];

/** Ways to say where a jail is that this system does not have. */
const strangeHere: Readonly<
  Record<'Linux' | 'BSD', Partial<Record<Where, { message: string; hint: string }>>>
> = {
  Linux: {
    path: {
      message: 'path: finds jails of FreeBSD and DragonFly, and on Linux none',
      hint: 'say pid: or chroot:',
    },
  },
  BSD: {
    pid: {
      message: 'pid: enters the namespaces of Linux; this system has none',
      hint: 'here a jail is known by its name or jid, or by path:',
    },
  },
};

/** Whether a key under `jails:` is a jid: digits alone. */
export function isJid(name: string): boolean {
  return /^[0-9]+$/.test(name);
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
