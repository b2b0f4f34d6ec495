import { lstatSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Draft } from './draft.ts';
import type { Objection } from './objection.ts';
import { walk } from './trust.ts';

/** How one gets to the directory of a `chroot`. */
export interface RootWay {
  /** Where it is, without symlinks above it. */
  readonly root: string;
  /**
   * Who else could lead us elsewhere, as a sentence.
   *
   * @param uid whose the directory itself is
   */
  doubt(uid: number): string | undefined;
}

/**
 * Who could lead the path elsewhere could choose what root enters. So the way to the directory obeys the rule of the
 * configuration's files: all above it belongs to root or `owner`, and nobody else may write there; symlinks on that
 * way are the administrator's own (`/var/run`). The directory itself belongs to whom it likes, being the jail, unless
 * it stands where its owner can put something else in its place; nor is it looked at, since its owner may have put a file
 * system there that does not answer. Throws what lstat(2) and readlink(2) throw.
 */
export function wayToRoot(path: string, owner: number): RootWay {
  const last = lastName(path);
  const named = last !== undefined;
  const above = walk(named ? dirname(path) : path, owner);
  const [fault] = above.faults;
  return {
    root: named ? join(above.resolved, last) : above.resolved,
    doubt(uid) {
      if (fault !== undefined) return `${fault.path} ${fault.why}, who could choose what is entered`;
      // A sticky directory is no fault, but in it everybody can move what is his.
      const movable = named && (above.stats.mode & 0o022) !== 0 && uid !== 0 && uid !== owner;
      return movable ? `${path} belongs to uid ${uid}, who can replace it in ${above.resolved}` : undefined;
    },
  };
}

/** The last component, but for `..`, which is no name that anybody could give to something else. */
export function lastName(path: string): string | undefined {
  const last = basename(path);
  return last === '..' || last === '.' ? undefined : last;
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
    const { root, doubt } = wayToRoot(path.replace(/\/+$/, '') || '/', owner);
    const found = lstatSync(root);
    return doubt(found.uid) ?? noRoot(path, found) ?? hostRoot(path, found, lstatSync('/'));
  } catch {
    return undefined;
  }
}
