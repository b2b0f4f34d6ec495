import { json } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { endByFirstProcess, INIT, inPlace, jailByPidfile, type Kind, type Life } from '../jail.ts';
import { launch } from '../launch.ts';
import { missing } from '../proc.ts';
import { rootfs, ROOTFS_TOOLS } from '../rootfs.ts';
import type { Teller } from '../story.ts';

const SPACES = ['--unshare-pid', '--unshare-uts', '--unshare-ipc', '--unshare-net'];

export const bubblewrap: Kind = {
  name: 'bubblewrap',
  users: true,
  ends: true,
  available: () => missing('bwrap', 'nsenter', ...ROOTFS_TOOLS),
  start: (t, name) => start(t, name, SPACES),
};

/** With a user namespace, in which only root is mapped. */
export const bubblewrapUser: Kind = {
  name: 'bubblewrap, user namespace',
  users: false,
  ends: true,
  available: () => missing('bwrap', 'nsenter', ...ROOTFS_TOOLS),
  start: (t, name) => start(t, name, ['--unshare-user', '--uid', '0', '--gid', '0', ...SPACES]),
};

async function start(t: Teller, name: string, spaces: readonly string[]): ReturnType<Kind['start']> {
  const root = await rootfs(t, name);
  const files = ['--bind', root, '/', '--proc', '/proc', '--dev', '/dev'];
  // Without --as-pid-1 bwrap is the first process itself and takes no TERM.
  const first = ['--hostname', name, '--as-pid-1', '--info-fd', '3', '/bin/sh', '-c', INIT];
  return jailByPidfile(t, name, () => life(t, name, ['bwrap', ...files, ...spaces, ...first]));
}

async function life(t: Teller, name: string, args: readonly string[]): Promise<Life> {
  const launcher = launch(t, name, args, 'pipe');
  const told = (await json(launcher.child.stdio[3] as Readable)) as { 'child-pid': number };
  const pid = told['child-pid'];
  await inPlace(pid, launcher.told);
  const end = endByFirstProcess(pid);
  return {
    pid,
    end: async () => {
      await end();
      await launcher.ended();
    },
  };
}
