import { constants, type ReadStream } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What a trigger's id looks like: it becomes a file name, so nothing else may. */
export const TRIGGER_ID = /^[0-9a-f]{8}-\d{1,16}$/;

/** The outputs of commands, which the keeper's scribes write to `output/ID`. */
export interface Outputs {
  /** The output of a trigger's command; undefined if it printed nothing, or if it is no longer kept. */
  open(id: string): Promise<ReadStream | undefined>;
  /** Removes the oldest outputs until all together are within the bound. Call it when a command has ended. */
  prune(): Promise<void>;
  setTotal(bytes: number): void;
}

/** A prune reads the whole directory, so it is done once in so many ended commands. */
const PRUNE_EVERY = 64;

/** The outputs below a state directory. @param total bytes that all outputs together may take */
export function openOutputs(stateDirectory: string, total: number): Outputs {
  const directory = join(stateDirectory, 'output');
  let bound = total;
  let ended = 0;
  let pruning = false;

  async function pruneNow(): Promise<void> {
    const files = await Promise.all(
      (await readdir(directory))
        .filter((name) => TRIGGER_ID.test(name))
        .map(async (name) => ({ name, ...(await sizeAndAge(join(directory, name))) })),
    );
    let sum = files.reduce((all, file) => all + file.size, 0);
    for (const file of files.sort((a, b) => a.changed - b.changed)) {
      if (sum <= bound) return;
      await rm(join(directory, file.name), { force: true });
      sum -= file.size;
    }
  }

  return {
    async open(id) {
      if (!TRIGGER_ID.test(id)) return undefined;
      try {
        const file = await open(join(directory, id), constants.O_RDONLY | constants.O_NOFOLLOW);
        return file.createReadStream();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async prune() {
      ended += 1;
      if (pruning || ended % PRUNE_EVERY !== 0) return;
      pruning = true;
      try {
        await pruneNow();
      } finally {
        pruning = false;
      }
    },
    setTotal(bytes) {
      bound = bytes;
    },
  };
}

/** A file that vanishes meanwhile takes no room. */
async function sizeAndAge(path: string): Promise<{ size: number; changed: number }> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { size, changed: mtimeMs };
  } catch {
    return { size: 0, changed: 0 };
  }
}
