import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { endByFirstProcess, firstProcess, INIT, jailByPidfile, type Kind, type Life } from '../jail.ts';
import { launch } from '../launch.ts';
import { missing } from '../proc.ts';
import { rootfs, ROOTFS_TOOLS } from '../rootfs.ts';
import type { Teller } from '../story.ts';
import { noRange } from './range.ts';

const SPACES = ['--pid', '--mount', '--uts', '--ipc', '--net', '--fork', '--kill-child'];
const RANGE = [
  '--user',
  '--map-users=100000,0,65536',
  '--map-groups=100000,0,65536',
  '--setuid',
  '0',
  '--setgid',
  '0',
];

/** Namespaces over the host's own files: what a shell script makes with one command. */
export const unshared: Kind = {
  name: 'unshare',
  users: true,
  ends: true,
  available: () => missing('unshare', 'nsenter', 'pkill'),
  start: (t, name) =>
    jailByPidfile(t, name, () =>
      life(t, name, ['unshare', ...SPACES, '--mount-proc', '/bin/sh', '-c', INIT]),
    ),
};

/** What a process of an AppArmor profile does first that takes it up itself, where another's would be given it by exec. */
export const confine = (profile: string): string =>
  `printf 'changeprofile ${profile}' >/proc/self/attr/apparmor/current`;

/** The same, under an AppArmor profile. What is run inside takes it up by itself. */
export const confined = (profile: string): Kind => ({
  ...unshared,
  name: 'unshare, confined by AppArmor',
  available: () => unshared.available() ?? missing('apparmor_parser') ?? noAppArmor(),
  start: (t, name) =>
    jailByPidfile(t, name, () =>
      life(t, name, ['unshare', ...SPACES, '--mount-proc', '/bin/sh', '-c', `${confine(profile)}; ${INIT}`]),
    ),
});

function noAppArmor(): string | undefined {
  return existsSync('/sys/kernel/security/apparmor') ? undefined : 'this kernel runs without AppArmor';
}

/** The first process under a chroot in its mount namespace: entering must take its root too. */
export const unsharedChroot: Kind = {
  name: 'unshare, init under a chroot',
  users: true,
  ends: true,
  available: () => missing('unshare', 'nsenter', ...ROOTFS_TOOLS),
  start: async (t, name) => {
    const root = await rootfs(t, name);
    return jailByPidfile(t, name, () => life(t, name, ['unshare', ...SPACES, ...under(root)]));
  },
};

/** A user namespace in which the usual 65,536 users exist. */
export const userRange: Kind = {
  name: 'unshare, user namespace with a range',
  users: true,
  ends: true,
  available: () => missing('unshare', 'nsenter', 'newuidmap', ...ROOTFS_TOOLS) ?? noRange(),
  start: async (t, name) => {
    const root = await rootfs(t, name);
    return jailByPidfile(t, name, () => life(t, name, ['unshare', ...RANGE, ...SPACES, ...under(root)]));
  },
};

/** A user namespace made by an ordinary user: one uid, root inside and nobody outside. */
export const userSingle: Kind = {
  name: 'unshare, user namespace of a single uid',
  users: false,
  ends: true,
  available: () => missing('unshare', 'nsenter', 'setpriv', ...ROOTFS_TOOLS),
  start: async (t, name) => {
    const root = await rootfs(t, name, 65534);
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    return jailByPidfile(t, name, () =>
      life(t, name, [...nobody, 'unshare', '--user', '--map-root-user', ...SPACES, ...under(root)]),
    );
  },
};

function under(root: string): string[] {
  return [`--mount-proc=${join(root, 'proc')}`, 'chroot', root, '/bin/sh', '-c', INIT];
}

async function life(t: Teller, name: string, args: readonly string[]): Promise<Life> {
  const launcher = launch(t, name, args);
  const pid = await firstProcess(launcher.pid, launcher.told);
  const end = endByFirstProcess(pid);
  return {
    pid,
    end: async () => {
      await end();
      await launcher.ended();
    },
  };
}
