import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../test/rig/execute.ts';
import type { Teller } from '../../test/rig/story.ts';

/** A folder of the bench's own, the programs that it measures with, and everything that must be gone at the end. */
export interface Workshop extends Teller {
  /** The path of one of the programs of `bench/native`. */
  program(name: 'floor' | 'waiter' | 'first' | 'drive' | 'edit'): string;
  /** Where commands write that they have started; and what makes them stay. */
  readonly fifo: string;
  readonly gate: string;
  /** Undoes what was deferred, last come first, whatever fails on the way. */
  clear(): Promise<void>;
}

/** What a command costs that writes a file is mostly the disk's mood of the day; so where there is one, a tmpfs. */
function makeFolder(): string {
  for (const place of ['/dev/shm', tmpdir()]) {
    try {
      const dir = mkdtempSync(join(place, 'jdb-'));
      writeFileSync(join(dir, 'try'), '#!/bin/sh\n', { mode: 0o755 });
      if (spawnSync(join(dir, 'try')).status === 0) return dir;
      rmSync(dir, { recursive: true }); // programs cannot be executed there
    } catch {
      // It is not there, or not for us.
    }
  }
  throw new Error(`no folder can be made in ${tmpdir()} from which programs can be executed`);
}

export async function openWorkshop(): Promise<Workshop> {
  const dir = makeFolder();
  await chmod(dir, 0o755); // commands find their program in it, whoever they run as
  const undos: { what: string; undo: () => unknown }[] = [
    { what: `remove ${dir}`, undo: () => rm(dir, { recursive: true, force: true }) },
  ];
  // The daemon watches the folders that lead to its file: what changes all the time lies in others.
  const bin = join(dir, 'bin');
  const [fifo, gate] = [join(bin, 'fifo'), join(bin, 'gate')];
  mkdirSync(bin);
  await must('make', ['-s', '-C', join(import.meta.dirname, '../native'), `OUT=${bin}`]);
  await must('mkfifo', [fifo]);
  writeFileSync(gate, '');

  let serial = 0;
  let clearing: Promise<void> | undefined;
  const clear = async (): Promise<void> => {
    for (let step = undos.pop(); step !== undefined; step = undos.pop()) {
      const { what, undo } = step;
      await Promise.resolve()
        .then(undo)
        .catch((error: unknown) => console.error(`could not ${what}: ${String(error)}`));
    }
  };
  return {
    dir,
    fifo,
    gate,
    program: (name) => join(bin, name),
    defer(what, undo) {
      if (clearing !== undefined) throw new Error('the bench is being cleared away');
      undos.push({ what, undo });
    },
    onFailure: () => {},
    unique: (word) => `${word}-${++serial}`,
    clear: () => (clearing ??= clear()),
  };
}
