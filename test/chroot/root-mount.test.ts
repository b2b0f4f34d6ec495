/** `root: mount`: a probe whose root is the root mount of mounts of its own. */
import { mkdir, readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { objectionToRoot } from '../../src/config/jail-rules.ts';
import { byChroot, definition, keeper } from '../keeper/rig.ts';
import { daemon } from '../rig/daemon.ts';
import { must } from '../rig/execute.ts';
import { chroot } from '../rig/kinds/chroot.ts';
import { until } from '../rig/until.ts';
import { root, stories } from './rig.ts';

const { tell, run } = stories('root: mount');

/** Where something is mounted, as that process sees it. */
async function mountPoints(pid: number | string): Promise<string[]> {
  const table = await readFile(`/proc/${pid}/mountinfo`, 'utf8');
  return table.split('\n').flatMap((line) => line.split(' ')[4] ?? []);
}

tell('nothing is mounted there but the directory, and the host’s mounts are what they were', async (t) => {
  const dir = await root(t);
  const { client, pid: parent } = await keeper(t);
  const before = await readFile(`/proc/${parent}/mountinfo`, 'utf8');
  const [one, two] = [t.unique('PATH'), t.unique('MOUNT')];
  await client.order('arm', definition('a/PATH', one, byChroot(dir)));
  const path = String((await client.next('armed'))['pid']);
  await client.order('arm', definition('a/MOUNT', two, { ...byChroot(dir), mount: '1' }));
  const mount = String((await client.next('armed'))['pid']);

  assert.is(await readlink(`/proc/${path}/ns/mnt`), await readlink(`/proc/${parent}/ns/mnt`));
  assert.is.not(await readlink(`/proc/${mount}/ns/mnt`), await readlink(`/proc/${parent}/ns/mnt`));
  assert.equal(await mountPoints(mount), ['/']);
  assert.is(await readFile(`/proc/${parent}/mountinfo`, 'utf8'), before);
  for (const link of ['root', 'cwd']) assert.is(await readlink(`/proc/${mount}/${link}`), '/');
  assert.equal((await readdir(`/proc/${mount}/root`)).sort(), (await readdir(dir)).sort());

  // Locked up like any other.
  const status = await readFile(`/proc/${mount}/status`, 'latin1');
  for (const line of [/^CapPrm:\t0+$/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t1$/m])
    assert.match(status, line);
  assert.is((await readdir(`/proc/${mount}/fd`)).length, 1);
});

tell('what is mounted below comes along; what the host mounts and unmounts later is seen', async (t) => {
  const dir = await root(t);
  const data = join(dir, 'data');
  await mkdir(data);
  await mkdir(join(dir, 'early'));
  // As systemd has it on most hosts: all mounts are shared. The keeper lives in a namespace of the story's own.
  const { client, pid: parent } = await keeper(t, { by: ['unshare', '--mount', '--propagation', 'shared'] });
  const onHost = (...words: string[]): Promise<string> =>
    must('nsenter', ['-t', String(parent), '-m', ...words]);
  await onHost('mount', '-t', 'tmpfs', 'jd-test', join(dir, 'early'));
  await client.order('arm', definition('a/MOUNT', t.unique('MOUNT'), { ...byChroot(dir), mount: '1' }));
  const { pid = '' } = await client.next('armed');
  assert.equal(await mountPoints(pid), ['/', '/early']);

  await onHost('mount', '-t', 'tmpfs', 'jd-test', data);
  assert.equal(await mountPoints(pid), ['/', '/early', '/data']);
  for (const point of [data, join(dir, 'early')]) await onHost('umount', point);
  assert.equal(await mountPoints(pid), ['/'], 'and no probe keeps it busy');
});

tell(
  'a HUP from inside runs the command; from one way of entering to the other another process is needed',
  async (t) => {
    const jail = await chroot.start(t, 'build');
    const title = t.unique('BUTTON');
    const probes = { BUTTON: { title, command: 'true', respawn: 'after' } };
    const file = (how: object): string =>
      JSON.stringify({ jails: { build: { chroot: jail.where.replace('chroot: ', ''), ...how, probes } } });
    const host = await daemon(t, file({}));
    const first = await host.reaches('build/BUTTON', 'armed');

    await host.edit(file({ root: 'mount' }));
    const second = await host.probe(
      'build/BUTTON',
      (p) => p.state === 'armed' && p.pid !== first.pid,
      'was replaced',
    );
    assert.is(second.instance, first.instance, 'the same life of the jail');
    assert.equal(await mountPoints(second.pid ?? 0), ['/', '/proc']);
    assert.is((await jail.run(['/usr/bin/pkill', '-HUP', '-f', `^${title}$`])).code, 0);
    await host.probe('build/BUTTON', (p) => p.runs === 1 && p.state === 'armed', 'has run and is back');

    await host.edit(file({ root: 'path' }));
    await until(async () => {
      const { pid } = await host.reaches('build/BUTTON', 'armed');
      const root = await readlink(`/proc/${pid}/root`).catch(() => ''); // the one that is just replaced
      return root.endsWith('/build');
    }, 'it was replaced again, and is an ordinary chroot');
  },
);

tell('the keeper refuses it of any jail but a directory', async (t) => {
  const { client } = await keeper(t);
  const where = { enter: 'pid', instance: 'i', pid: String(process.pid), start: '1', mount: '1' };
  const refused = await client.order('arm', definition('a/A', 'A', where), 'refused');
  assert.is(refused['why'], 'mount is for enter=chroot alone');
});

tell('where it does not work, the file is in error and says where it does', async () => {
  assert.is(objectionToRoot({}, 'FreeBSD'), undefined);
  assert.is(objectionToRoot({ root: 'path', chroot: '/a' }, 'FreeBSD'), undefined);
  assert.is(objectionToRoot({ root: 'mount', chroot: '/a' }, 'Linux'), undefined);
  assert.is(
    objectionToRoot({ root: 'mount', chroot: '/a' }, 'DragonFly')?.message,
    'root: mount needs the mount namespaces of Linux, and this is DragonFly',
  );
  assert.match(
    objectionToRoot({ root: 'path' }, 'Linux')?.message ?? '',
    /^root says how a chroot is entered/,
  );
});

run();
