import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isGlob } from './glob.ts';
import { matches } from './include.ts';
import { hasBirthTimes } from '../platform.ts';

/** What a path looks like from outside, without reading it. */
export interface Stamp {
  readonly exists: boolean;
  readonly isLink: boolean;
  /** Another file has another; of a symlink where it leads. */
  readonly identity: string;
  /** Anything at all that may have changed: size, times, owner, mode; of a pattern the names that match. */
  readonly state: string;
  /** When it last changed, in ms since 1970; 0 where that is not known. */
  readonly changed: number;
}

/** Looks at one path: a file, a symlink, a directory, or a pattern of names. */
export function stampOf(path: string): Stamp {
  try {
    if (isGlob(basename(path))) {
      const names = readdirSync(dirname(path)).filter((name) => matches(basename(path), name));
      return { exists: true, isLink: false, identity: '', state: names.sort().join('/'), changed: 0 };
    }
    const stats = lstatSync(path, { bigint: true });
    const changed = Number(stats.ctimeNs / 1_000_000n);
    if (stats.isSymbolicLink()) {
      const identity = readlinkSync(path);
      return { exists: true, isLink: true, identity, state: `-> ${identity} ${stats.uid}`, changed };
    }
    const rights = `${stats.uid} ${stats.gid} ${stats.mode}`;
    // A directory's times change with every temporary file in it: what matters there has stamps of its own.
    if (stats.isDirectory()) {
      return { exists: true, isLink: false, identity: '', state: rights, changed: 0 };
    }
    const identity = `${stats.dev} ${stats.ino} ${hasBirthTimes() ? stats.birthtimeNs : 0}`;
    const state = `${identity} ${rights} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    return { exists: true, isLink: false, identity, state, changed };
  } catch {
    // Whatever the reason, it cannot be read now; when that changes the stamp changes.
    return { exists: false, isLink: false, identity: '', state: '', changed: 0 };
  }
}
