import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { execute, must, type Outcome } from '../execute.ts';
import { argv, INSIDE, listed, type As, type Kind } from '../jail.ts';
import { missing } from '../proc.ts';
import { rootfs, ROOTFS_TOOLS } from '../rootfs.ts';

/** A directory and nothing more: no namespace, so ps inside shows the whole host. */
export const chroot: Kind = {
  name: 'plain chroot',
  users: true,
  ends: false,
  available: () => missing('chroot', 'mount', 'umount', ...ROOTFS_TOOLS),
  start: async (t, name) => {
    const root = join(t.dir, name);
    let lives = 0;
    const begin = async (): Promise<void> => {
      await rootfs(t, name);
      await must('mount', ['-t', 'proc', 'proc', join(root, 'proc')]);
      lives += 1;
      runs = true;
    };
    let runs = false;
    const stop = async (): Promise<void> => {
      if (!runs) return;
      runs = false;
      // A probe may still sit in there: taken off the tree now, and let go when the probe has left.
      await must('umount', ['--lazy', join(root, 'proc')]);
      await rename(root, `${root}.old-${lives}`);
    };
    t.defer(`stop jail ${name}`, stop);
    await begin();

    const run = (command: string | readonly string[], { uid }: As = {}): Promise<Outcome> => {
      const user = uid === undefined ? [] : [`--userspec=${uid}:${uid}`, '--groups='];
      return execute('chroot', [...user, root, ...argv(command)], { env: { ...process.env, ...INSIDE } });
    };
    return {
      name,
      pid: 0,
      where: `chroot: ${root}`,
      run,
      ps: () => listed(run),
      stop,
      restart: async () => {
        await stop();
        await begin();
      },
    };
  },
};
