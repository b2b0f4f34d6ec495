import type { ReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TRIGGER_ID } from '../keeper/trigger-id.ts';
import { openIfThere } from './open-file.ts';

/** The outputs of commands, which the keeper's scribes write to `output/ID`. */
export interface Outputs {
  /**
   * The output of a trigger's command; undefined if it printed nothing, or if it is no longer kept.
   *
   * @throws the system's error, or that it is no file
   */
  open(id: string): Promise<ReadStream | undefined>;
  /** So many commands have ended. Now and then, the oldest outputs are removed until all are within the bound. */
  ended(commands: number): Promise<void>;
  /** Removes the oldest outputs until all together are within the bound. */
  prune(): Promise<void>;
  setTotal(bytes: number): void;
}

/** A prune looks at every file, so it is done once in so many ended commands. */
const PRUNE_EVERY = 64;
/** So many files are looked at in one go. */
const SLICE = 256;
/** What a file takes of the disk is a multiple of this, bytes: a million outputs of one byte are 4 GiB. */
const DISK_BLOCK = 4096;

interface Kept {
  readonly name: string;
  readonly room: number;
  readonly changed: number;
}

/** The outputs below a state directory. @param total bytes of the disk that all outputs together may take */
export function openOutputs(stateDirectory: string, total: number): Outputs {
  const directory = join(stateDirectory, 'output');
  let bound = total;
  let ended = 0;
  let pruning: Promise<void> | undefined;

  async function pruneNow(): Promise<void> {
    const names = (await namesIn(directory)).filter((name) => TRIGGER_ID.test(name));
    const files: Kept[] = [];
    for (let at = 0; at < names.length; at += SLICE)
      files.push(...(await Promise.all(names.slice(at, at + SLICE).map((name) => measure(directory, name)))));
    let sum = files.reduce((all, file) => all + file.room, 0);
    for (const file of files.sort((a, b) => a.changed - b.changed)) {
      if (sum <= bound) return;
      await rm(join(directory, file.name), { force: true });
      sum -= file.room;
    }
  }

  function prune(): Promise<void> {
    return (pruning ??= pruneNow().finally(() => {
      pruning = undefined;
    }));
  }

  return {
    async open(id) {
      if (!TRIGGER_ID.test(id)) return undefined;
      return (await openIfThere(join(directory, id)))?.createReadStream();
    },
    async ended(commands) {
      ended += commands;
      if (ended < PRUNE_EVERY) return;
      ended = 0;
      await prune();
    },
    prune,
    setTotal(bytes) {
      bound = bytes;
    },
  };
}

/** Without the directory there are none: the keeper has lost it, too, and keeps no output until it is started again. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A file that vanishes meanwhile takes no room. */
async function measure(directory: string, name: string): Promise<Kept> {
  try {
    const { size, mtimeMs } = await stat(join(directory, name));
    return { name, room: Math.ceil(size / DISK_BLOCK) * DISK_BLOCK, changed: mtimeMs };
  } catch {
    return { name, room: 0, changed: 0 };
  }
}
