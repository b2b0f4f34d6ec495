import { endByFirstProcess, firstProcess, INIT, jailByPidfile, type Kind, type Life } from '../jail.ts';
import { launch } from '../launch.ts';
import { missing } from '../proc.ts';
import { rootfs, ROOTFS_TOOLS } from '../rootfs.ts';
import type { Teller } from '../story.ts';
import { removeCgroups } from './cgroups.ts';

/** Its first process is a stub of nspawn's; the jail's shell is its child. */
export const nspawn: Kind = {
  name: 'systemd-nspawn',
  users: true,
  ends: true,
  available: () => missing('systemd-nspawn', 'nsenter', ...ROOTFS_TOOLS),
  start: async (t, name) => {
    const root = await rootfs(t, name);
    // Neither flag is for the jail: they let it run where no systemd does. Its system call filter is left out
    // (SYSTEMD_SECCOMP): it has nothing to do with what is tried here, and needs more of the host than the rest.
    const flags = ['-q', '--register=no', '--keep-unit', '-D', root, '-M', t.unique(name), '--as-pid2'];
    t.defer(`remove the cgroups of ${name}`, () => removeCgroups(/^(payload|supervisor)$/));
    return jailByPidfile(t, name, () =>
      life(t, name, ['env', 'SYSTEMD_SECCOMP=0', 'systemd-nspawn', ...flags, '/bin/sh', '-c', INIT]),
    );
  },
};

async function life(t: Teller, name: string, args: readonly string[]): Promise<Life> {
  const launcher = launch(t, name, args);
  const pid = await firstProcess(launcher.pid, launcher.told);
  // The stub takes TERM and does nothing; this is what `machinectl terminate` does.
  const end = endByFirstProcess(pid, 'SIGKILL');
  return {
    pid,
    end: async () => {
      await end();
      await launcher.ended();
    },
  };
}
