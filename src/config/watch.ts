import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PLATFORM, type Platform } from '../platform.ts';
import { interestOf, isOfInterest, realName } from './interest.ts';
import { createListener, createPoller, mustPoll } from './nudge.ts';
import type { Listening, Nudge } from './nudge.ts';
import { stampOf } from './stamp.ts';
import type { Stamp } from './stamp.ts';

/** Reports changes of files until it is closed. */
export interface ConfigWatch {
  /** Takes another set of paths, after a load. */
  update(involved: readonly string[]): void;
  close(): Promise<void>;
}

/** How long a file that is written in place must have been left alone. */
const stillness = 500;
/** Changes so close together belong together: an editor renames, creates and writes within this. */
const together = 15;
/** A file that changed so shortly before it was first looked at may have changed after it was read. */
const fresh = 2000;

/**
 * Watches what a load was made of. A replaced file (another inode, or a symlink that leads elsewhere) is reported at
 * once; a file that is written in place, vanishes or comes back, when all has been still for half a second.
 *
 *      directories ──nudge──► 15 ms ──► compare stamps ─┬─ only replaced ──► changed('replaced')
 *                                                       └─ anything else ──► 500 ms without another ──► changed('still')
 *
 * Only directories are listened to, and all of them up to /: a file that is replaced, or a directory that is deleted and
 * made again, is another object under the same name. A nudge only says when to look. Where the system tells of changes
 * badly or not at all, the stamps are compared twice a second instead, and only what a symlink leads to can be seen to be
 * replaced as a whole.
 */
export function watchConfig(
  involved: readonly string[],
  changed: (how: 'replaced' | 'still') => void,
  platform: Platform = PLATFORM,
): ConfigWatch {
  const polls = mustPoll(platform);
  const stamps = new Map<string, Stamp>();
  /** How often each name was renamed or written since the last look. */
  const heard = new Map<string, { renamed: number; written: number }>();
  /** Directories whose watch has died with them, however alike those look that stand there now. */
  const died = new Map<string, number>();
  let interest = new Map<string, Set<string>>();
  let closed = false;
  let looking: NodeJS.Timeout | undefined;
  let waiting: NodeJS.Timeout | undefined;
  let doubting: NodeJS.Timeout | undefined;

  const listener = (polls ? createPoller : createListener)(({ directory, name, renamed }: Nudge) => {
    if (closed) return;
    if (name !== undefined) {
      if (renamed && name === basename(directory)) died.set(directory, (died.get(directory) ?? 0) + 1);
      else if (!isOfInterest(interest.get(directory), name)) return;
      const path = join(directory, name);
      const count = heard.get(path) ?? { renamed: 0, written: 0 };
      count[renamed ? 'renamed' : 'written']++;
      heard.set(path, count);
    }
    looking ??= setTimeout(look, together);
  });

  const look = (): void => {
    looking = undefined;
    const { replaced, touched } = compare();
    listen();
    // Where another file is just being written, the one that is ready waits for it.
    if (touched || (replaced && waiting !== undefined)) waitForStillness();
    else if (replaced) changed('replaced');
  };

  const compare = (): { replaced: boolean; touched: boolean } => {
    let replaced = false;
    let touched = false;
    for (const [path, before] of stamps) {
      const now = stampOf(path);
      if (now.state === before.state) continue;
      stamps.set(path, now);
      if (isReplaced(path, before, now)) replaced = true;
      else touched = true;
    }
    heard.clear();
    return { replaced, touched };
  };

  /** A file that was renamed into place is whole; one that was created there has only begun to be written. */
  const isReplaced = (path: string, before: Stamp, now: Stamp): boolean => {
    if (!before.exists || !now.exists || now.identity === before.identity) return false;
    if (now.isLink) return true;
    if (polls) return Date.now() - now.changed > stillness;
    const { renamed, written } = heard.get(realName(path)) ?? { renamed: 0, written: 0 };
    // Not heard of at all: what leads to it was replaced, and it was there already.
    return renamed <= 1 && written === 0;
  };

  const waitForStillness = (): void => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      waiting = undefined;
      const { replaced, touched } = compare();
      // What was done meanwhile may not have been heard of yet, or not be looked for before the next half second.
      if (replaced || touched) waitForStillness();
      else changed('still');
    }, stillness);
  };

  const doubt = (): void => {
    doubting = undefined;
    if (waiting === undefined) changed('still');
  };

  const listen = (): void => {
    if (polls) return;
    interest = interestOf([...stamps.keys()]);
    const directories = new Map<string, Listening>();
    for (const path of interest.keys()) {
      const birth = `${birthOf(path)} ${died.get(path) ?? 0}`;
      directories.set(path, { birth });
    }
    listener.listen(directories);
  };

  const update = (paths: readonly string[]): void => {
    if (closed) return;
    const wanted = new Set(paths);
    for (const path of stamps.keys()) if (!wanted.has(path)) stamps.delete(path);
    for (const path of wanted) {
      if (stamps.has(path)) continue;
      const stamp = stampOf(path);
      stamps.set(path, stamp);
      if (Date.now() - stamp.changed < fresh) doubting ??= setTimeout(doubt, stillness);
    }
    listen();
  };

  const close = (): Promise<void> => {
    closed = true;
    clearTimeout(looking);
    clearTimeout(waiting);
    clearTimeout(doubting);
    return listener.close();
  };

  update(involved);
  return { update, close };
}

/** Tells a directory from one that was made again under its name. */
function birthOf(path: string): string {
  try {
    const { dev, ino, birthtimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`; // only where it is listened to, on Linux
  } catch {
    return '';
  }
}
