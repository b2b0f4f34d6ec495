import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute, must } from '../execute.ts';
import { INIT, inPlace, jailByPidfile, type Kind, type Life } from '../jail.ts';
import { missing } from '../proc.ts';
import { rootfs, ROOTFS_TOOLS } from '../rootfs.ts';
import type { Teller } from '../story.ts';
import { removeCgroups } from './cgroups.ts';
import { noRange, RANGE_START } from './range.ts';

export const lxc: Kind = {
  name: 'LXC',
  users: true,
  ends: true,
  available: () => missing('lxc-start', 'lxc-info', 'lxc-stop', 'nsenter', ...ROOTFS_TOOLS),
  start: (t, name) => start(t, name, 0),
};

export const lxcUser: Kind = {
  name: 'LXC, idmap',
  users: true,
  ends: true,
  available: () =>
    missing('lxc-start', 'lxc-info', 'lxc-stop', 'nsenter', 'newuidmap', ...ROOTFS_TOOLS) ?? noRange(),
  start: (t, name) => start(t, name, RANGE_START),
};

async function start(t: Teller, name: string, owner: number): ReturnType<Kind['start']> {
  const root = await rootfs(t, name, owner);
  const id = t.unique(name);
  const folder = join(t.dir, 'lxc', id);
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const config = [
    `lxc.uts.name = ${name}`,
    `lxc.rootfs.path = dir:${root}`,
    'lxc.net.0.type = empty',
    'lxc.mount.auto = proc:rw sys:ro',
    'lxc.init.cmd = /bin/sh /init.sh',
    'lxc.tty.max = 0',
    'lxc.pty.max = 8',
  ];
  if (owner !== 0) config.push(`lxc.idmap = u 0 ${owner} 65536`, `lxc.idmap = g 0 ${owner} 65536`);
  await writeFile(join(folder, 'config'), `${config.join('\n')}\n`);
  await writeFile(join(root, 'init.sh'), `${INIT}\n`);
  t.defer(`remove the cgroups of ${name}`, () =>
    removeCgroups(new RegExp(`^lxc\\.(pivot|payload\\.${id}|monitor\\.${id})$`)),
  );
  return jailByPidfile(t, name, () => life(t, id));
}

async function life(t: Teller, id: string): Promise<Life> {
  const where = ['-P', join(t.dir, 'lxc'), '-n', id];
  const log = join(t.dir, 'lxc', `${id}.log`);
  // Its monitor holds on to the output: a pipe of ours would never come to its end.
  const line = 'exec lxc-start "$@" </dev/null >"$0" 2>&1';
  const { code } = await execute('sh', ['-c', line, log, ...where, '-o', `${log}.more`, '-d']);
  if (code !== 0) throw new Error(`lxc-start: exit ${code}\n${await readFile(`${log}.more`, 'utf8')}`);
  const pid = Number(await must('lxc-info', [...where, '-pH']));
  await inPlace(pid);
  return {
    pid,
    end: async () => {
      await execute('lxc-stop', [...where, '-k']); // says 2 if it has ended by itself
    },
  };
}
