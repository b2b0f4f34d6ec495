import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Teller } from '../rig/story.ts';

/** Where it all happens: a folder, and what must be undone at the end. */
export interface Stage extends Teller {
  /** Undoes what was deferred, last come first, whatever fails on the way, and says what could not be undone. */
  clear(): Promise<string[]>;
  /** Removes the folder, which otherwise stays as evidence. */
  remove(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'jdc-'));
  await chmod(dir, 0o711);
  const undos: { what: string; undo: () => unknown }[] = [];
  let serial = 0;
  let clearing: Promise<string[]> | undefined;

  async function clear(): Promise<string[]> {
    const left: string[] = [];
    for (let step = undos.pop(); step !== undefined; step = undos.pop()) {
      const { what, undo } = step;
      await Promise.resolve()
        .then(undo)
        .catch((error: unknown) => left.push(`could not ${what}: ${String(error)}`));
    }
    return left;
  }

  return {
    dir,
    defer: (what, undo) => void undos.push({ what, undo }),
    onFailure: () => {},
    unique: (word) => `${word}-${++serial}`,
    clear: () => (clearing ??= clear()),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
