import { readdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isGlob, matchesGlob } from './glob.ts';
import { reasonOf } from './read.ts';
import { walk } from './trust.ts';
import type { Fault } from './trust.ts';

/** What one entry of `include:` stands for. */
export interface Inclusion {
  readonly files: readonly string[];
  /** To be watched besides the files: the pattern itself, and symlinks on the way to its directory. */
  readonly involved: readonly string[];
  readonly faults: readonly Fault[];
  readonly why?: string;
}

/** Finds the files of an include, sorted; relative to the directory of the file that names it. */
export function expand(pattern: string, from: string, owner: number): Inclusion {
  const path = resolve(dirname(from), pattern);
  const [directory, name] = [dirname(path), basename(path)];
  if (!isGlob(path)) return { files: [path], involved: [], faults: [] };
  if (isGlob(directory)) {
    return {
      files: [],
      involved: [],
      faults: [],
      why: 'has a wildcard in a directory; only file names may have them',
    };
  }
  try {
    const way = walk(directory, owner);
    const involved = [...new Set([directory, path, way.resolved, ...way.symlinks])];
    const names = readdirSync(directory).filter((entry) => matches(name, entry));
    return { files: names.sort().map((entry) => resolve(directory, entry)), involved, faults: way.faults };
  } catch (error) {
    // A directory that is not there has no files: that is what a wildcard is for.
    const { code } = error as NodeJS.ErrnoException;
    const absent = code === 'ENOENT';
    return {
      files: [],
      involved: [directory, path],
      faults: [],
      ...(absent ? {} : { why: reasonOf(error) }),
    };
  }
}

/** As in a shell, a name that begins with a dot (an editor's backup) is not matched by a wildcard at its start. */
export function matches(pattern: string, name: string): boolean {
  return (pattern.startsWith('.') || !name.startsWith('.')) && matchesGlob(pattern, name);
}
