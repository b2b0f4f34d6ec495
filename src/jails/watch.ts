import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Tells of changes of pidfiles; it only hints: who is told looks again. */
export interface PidfileWatch {
  /** Watches these instead, and mends what was lost (a directory that was moved away and made again). */
  set(paths: Iterable<string>): void;
  close(): void;
}

/** A directory with pidfiles, and where its watch sits: on itself, or on the nearest directory above that exists. */
interface Place {
  readonly files: Map<string, string>;
  watcher?: FSWatcher;
  seat?: string;
  inode?: bigint;
}

/**
 * Watches the directories of pidfiles, so that a restarted jail is seen within milliseconds. `changed` is called with
 * the path of a pidfile that was written, replaced, made or removed, perhaps more often than it changed. The rescan
 * remains the net under it: a watch that cannot be had (no inotify left, no permission) is no failure.
 */
export function watchPidfiles(paths: Iterable<string>, changed: (path: string) => void): PidfileWatch {
  const places = new Map<string, Place>();

  const release = (place: Place): void => {
    place.watcher?.close();
    delete place.watcher;
    delete place.seat;
  };

  const tellAll = (place: Place): void => {
    for (const path of place.files.values()) changed(path);
  };

  /** Puts the watch where it belongs now. Says whether it had to be moved. */
  const settle = (folder: string, place: Place): boolean => {
    const seat = nearest(folder);
    if (place.watcher !== undefined && place.seat === seat.path && place.inode === seat.inode) return false;
    release(place);
    try {
      // Not persistent: a watch keeps no program from ending.
      const watcher = watch(seat.path, { persistent: false }, (_, name) =>
        heard(folder, place, watcher, name),
      );
      watcher.on('error', () => release(place)); // the directory is gone: the next set() finds another seat
      Object.assign(place, { watcher, seat: seat.path, inode: seat.inode });
    } catch {
      // No watch to be had: the rescan sees it.
    }
    return true;
  };

  const heard = (folder: string, place: Place, from: FSWatcher, name: string | null): void => {
    if (place.watcher !== from) return;
    const path = place.seat === folder && name !== null ? place.files.get(name) : undefined;
    // Anything else may be the directory itself, coming or going. Between finding a seat and sitting down a
    // directory may appear below it, so look until nothing moves.
    let moved = false;
    while (settle(folder, place) && place.watcher !== undefined) moved = true;
    if (moved) tellAll(place);
    else if (path !== undefined) changed(path);
  };

  const set = (wanted: Iterable<string>): void => {
    const folders = new Map<string, Map<string, string>>();
    for (const path of wanted) {
      const folder = dirname(path);
      const files = folders.get(folder) ?? new Map<string, string>();
      folders.set(folder, files.set(basename(path), path));
    }
    for (const [folder, place] of places) {
      if (folders.has(folder)) continue;
      release(place);
      places.delete(folder);
    }
    for (const [folder, files] of folders) {
      const known = places.get(folder);
      const place: Place = known === undefined ? { files } : Object.assign(known, { files });
      places.set(folder, place);
      if (settle(folder, place) && known !== undefined) tellAll(place);
    }
  };

  set(paths);
  return {
    set,
    close: () => {
      for (const place of places.values()) release(place);
      places.clear();
    },
  };
}

/** The folder itself, or the nearest one above it that exists and may be looked at. */
function nearest(folder: string): { path: string; inode: bigint } {
  for (let path = folder; ; path = dirname(path)) {
    try {
      const stat = statSync(path, { bigint: true });
      if (stat.isDirectory()) return { path, inode: stat.ino };
    } catch {
      // Not there, or not for us: the one above.
    }
    if (path === '/') return { path, inode: 0n };
  }
}
