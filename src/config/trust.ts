import { lstatSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';

/** Somebody else than root and the daemon's user could change what a path leads to. */
export interface Fault {
  /** The file, directory or symlink that is to blame. */
  readonly path: string;
  readonly why: string;
  readonly hint: string;
}

/** Where a path leads, and what it leads through. */
export interface Way {
  /** Without symlinks. */
  readonly resolved: string;
  readonly symlinks: readonly string[];
  readonly faults: readonly Fault[];
  /** Of what `resolved` names; the caller opens it and looks again. */
  readonly stats: Stats;
}

const mostSymlinks = 40;

/** What is wrong with the owner or the mode of a file, directory or symlink, if anything. */
export function faultOf(path: string, stats: Stats, owner: number): Fault | undefined {
  if (stats.uid !== 0 && stats.uid !== owner) {
    const whom = owner === 0 ? 'root' : `root or uid ${owner}`;
    return { path, why: `belongs to uid ${stats.uid}, not to ${whom}`, hint: `chown root ${path}` };
  }
  // Of a symlink only the owner counts. In a sticky directory nobody can replace what root owns.
  if (stats.isSymbolicLink() || (stats.isDirectory() && (stats.mode & 0o1000) !== 0)) return undefined;
  if ((stats.mode & 0o022) === 0) return undefined;
  const who = (stats.mode & 0o002) !== 0 ? 'everybody' : 'its group';
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  return { path, why: `can be written by ${who} (mode ${mode})`, hint: `chmod go-w ${path}` };
}

/**
 * Walks an absolute path component by component, symlinks as they come, and says who else could lead it elsewhere.
 * As long as there is no fault, only root and the owner can change the way between this look and the opening.
 * Throws what lstat(2) and readlink(2) throw.
 */
export function walk(path: string, owner: number): Way {
  const symlinks: string[] = [];
  const faults: Fault[] = [];
  const look = (at: string): Stats => {
    const stats = lstatSync(at);
    const fault = faultOf(at, stats, owner);
    if (fault) faults.push(fault);
    return stats;
  };

  let stats = look('/');
  let resolved = '/';
  const ahead = path.split('/').toReversed();
  while (ahead.length > 0) {
    const part = ahead.pop();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      resolved = dirname(resolved);
      stats = lstatSync(resolved);
      continue;
    }
    const at = join(resolved, part);
    stats = look(at);
    if (!stats.isSymbolicLink()) {
      resolved = at;
      continue;
    }
    if (symlinks.push(at) > mostSymlinks)
      throw Object.assign(new Error('too many symlinks'), { code: 'ELOOP' });
    const target = readlinkSync(at);
    if (target.startsWith('/')) resolved = '/';
    ahead.push(...target.split('/').toReversed());
  }
  return { resolved, symlinks, faults, stats };
}
