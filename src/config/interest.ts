import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isGlob } from './glob.ts';
import { matches } from './include.ts';

/** Whether something that was heard of this name in a directory may matter. */
export function isOfInterest(names: ReadonlySet<string> | undefined, name: string): boolean {
  if (names === undefined) return false;
  return names.has(name) || [...names].some((pattern) => isGlob(pattern) && matches(pattern, name));
}

/** Which names matter in which directory: those of the paths themselves, and of every directory on their way. */
export function interestOf(paths: readonly string[]): Map<string, Set<string>> {
  const interest = new Map<string, Set<string>>();
  const seen = new Set<string>();
  for (const path of paths) {
    for (let at = path; at !== '/' && !seen.has(at); at = dirname(at)) {
      seen.add(at);
      const directory = realDirectory(dirname(at));
      if (directory === undefined) continue;
      const names = interest.get(directory) ?? new Set();
      interest.set(directory, names.add(basename(at)));
    }
  }
  return interest;
}

function realDirectory(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** A path with the symlinks above it resolved: as it is heard of. */
export function realName(path: string): string {
  return join(realDirectory(dirname(path)) ?? dirname(path), basename(path));
}
