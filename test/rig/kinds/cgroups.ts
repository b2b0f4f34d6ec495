import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes the empty control groups that a jail's manager made and left behind. One that is not empty is
 * somebody's: it stays.
 */
export function removeCgroups(name: RegExp): void {
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const [, controllers, path] = line.split(':');
    for (const hierarchy of hierarchies(controllers ?? '')) {
      // LXC puts some beside the first process of the machine, wherever we are.
      for (const folder of new Set([hierarchy, join(hierarchy, path ?? '')])) {
        for (const entry of entries(folder)) if (name.test(entry)) removeTree(join(folder, entry));
      }
    }
  }
}

/** Where the hierarchy of some controllers is mounted; of none, the unified one. */
function hierarchies(controllers: string): string[] {
  const base = '/sys/fs/cgroup';
  if (controllers === '') return [base, join(base, 'unified')];
  return [join(base, controllers), join(base, controllers.replace(/^name=/, ''))];
}

function removeTree(folder: string): void {
  for (const entry of entries(folder)) removeTree(join(folder, entry));
  try {
    rmdirSync(folder);
  } catch {
    // In use, or gone already.
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return []; // no such hierarchy here
  }
}
