import { lstatSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Draft } from './draft.ts';
import type { Objection } from './objection.ts';
import { walk } from './trust.ts';

/** How one gets to the directory of a `chroot`. */
export interface RootWay {
  /** Where it is, without symlinks above it. */
  readonly root: string;
  /** Of what is there; it is not followed if it is a symlink. */
  readonly stats: Stats;
  /** Who else could lead us elsewhere, as a sentence. */
  readonly doubt?: string;
}

/**
 * Who could lead the path elsewhere could choose what root enters. So the way to the directory obeys the rule of the
 * configuration's files: all above it belongs to root or `owner`, and nobody else may write there; symlinks on that
 * way are the administrator's own (`/var/run`). The directory itself belongs to whom it likes, being the jail, unless
 * it stands where its owner can put something else in its place. Throws what lstat(2) and readlink(2) throw.
 */
export function wayToRoot(path: string, owner: number): RootWay {
  const last = basename(path);
  // `..` is no name that anybody could give to something else.
  const named = last !== '..' && last !== '.';
  const above = walk(named ? dirname(path) : path, owner);
  const root = named ? join(above.resolved, last) : above.resolved;
  const stats = lstatSync(root);
  const [fault] = above.faults;
  if (fault !== undefined)
    return { root, stats, doubt: `${fault.path} ${fault.why}, who could choose what is entered` };
  // A sticky directory is no fault, but in it everybody can move what is his.
  const movable = named && (above.stats.mode & 0o022) !== 0 && stats.uid !== 0 && stats.uid !== owner;
  if (!movable) return { root, stats };
  return {
    root,
    stats,
    doubt: `${path} belongs to uid ${stats.uid}, who can replace it in ${above.resolved}`,
  };
}

/** Why what is there now is no jail: undefined if it may be one. */
export function noRoot(
  path: string,
  stats: Pick<Stats, 'isDirectory' | 'isSymbolicLink'>,
): string | undefined {
  if (stats.isSymbolicLink()) return `${path} is a symbolic link, which is not followed: name the directory`;
  return stats.isDirectory() ? undefined : `ENOTDIR, ${path} is not a directory`;
}

/** A jail whose root is ours is none: undefined if it is another directory. */
export function hostRoot<N extends number | bigint>(
  path: string,
  found: { readonly dev: N; readonly ino: N },
  host: { readonly dev: N; readonly ino: N },
): string | undefined {
  return found.dev === host.dev && found.ino === host.ino ? `${path} is the host's own root` : undefined;
}

/** Warnings for directories that would not be entered as they are now. One that is not there yet is none. */
export function findUnfitRoots(draft: Draft, owner: number): Objection[] {
  return draft.jails.flatMap(({ name, entry: { chroot } }) => {
    const why = chroot === undefined ? undefined : whyUnfit(chroot, owner);
    if (why === undefined) return [];
    const message = `nothing would be armed in this directory: ${why}`;
    const path = ['jails', name, 'chroot'];
    return [{ file: draft.file, path, part: 'value', code: 'unfit-root', severity: 'warning', message }];
  });
}

function whyUnfit(path: string, owner: number): string | undefined {
  try {
    const { doubt, stats } = wayToRoot(path.replace(/\/+$/, '') || '/', owner);
    return doubt ?? noRoot(path, stats) ?? hostRoot(path, stats, lstatSync('/'));
  } catch {
    return undefined;
  }
}
