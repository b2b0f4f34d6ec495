import { PLATFORM, type Platform } from '../platform.ts';
import type { JailEntry } from './config-file.ts';
import { isJid } from './declared.ts';
import type { Draft, DraftJail } from './draft.ts';
import { isGlob } from './glob.ts';
import type { Objection } from './objection.ts';
import type { Path } from './tree.ts';

/** What a schema cannot say of a jail's name, and of where it is. */
export function checkJail({ file }: Draft, { name, entry }: DraftJail): Objection[] {
  const at: Path = ['jails', name];
  const jid = isJid(name);
  const where = places.find((key) => entry[key] !== undefined);
  if ((isGlob(name) || jid) && where !== undefined) {
    const what = jid ? 'a key of digits is a jid' : 'a pattern stands for many jails';
    const message = `${what}, and cannot have ${where}:`;
    const hint = 'use a name';
    return [{ file, path: [...at, where], part: 'key', code: 'contradiction', message, hint }];
  }
  if (name === 'adhoc') {
    const message =
      'adhoc: the ids of ad hoc probes begin with this word, so no jail may have it as its name';
    return [{ file, path: at, part: 'key', code: 'reserved', message, hint: 'use another name' }];
  }
  const root = objectionToRoot(entry, PLATFORM);
  if (root !== undefined)
    return [{ file, path: [...at, 'root'], part: 'value', code: 'contradiction', ...root }];
  const strange = where && strangeHere[PLATFORM === 'Linux' ? 'Linux' : 'BSD'][where];
  if (strange)
    return [{ file, path: [...at, where], part: 'key', code: 'not-here', severity: 'warning', ...strange }];
  if (!jid || PLATFORM !== 'Linux') return [];
  const message = `a key of digits is a jid, which Linux does not have: ${name} never matches`;
  const hint = `for the jail of a process write a name, and under it pid: ${name}`;
  return [{ file, path: at, part: 'key', code: 'no-jids', severity: 'warning', message, hint }];
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
