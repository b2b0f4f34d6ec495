// limit: 240 s
/** A directory as a jail: which way leads to it, and what happens when it goes, or when another one is in its place. */
import { spawn } from 'node:child_process';
import { existsSync, readlinkSync, statSync } from 'node:fs';
import { chmod, chown, mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { look } from '../../src/jails/look.ts';
import { byChroot, definition, keeper } from '../keeper/rig.ts';
import { daemon, PROGRAM, type Daemon } from '../rig/daemon.ts';
import { execute } from '../rig/execute.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { built, stories } from './rig.ts';

const { tell, run } = stories('a directory as a jail');

const see = async (path: string): Promise<string> => {
  const sighting = await look('build', { by: 'chroot', path }, 0);
  if ('jail' in sighting) return sighting.jail.entrance.by === 'chroot' ? sighting.jail.entrance.root : '';
  return 'refused' in sighting ? `refused: ${sighting.refused}` : `absent: ${sighting.absent}`;
};

tell(
  'symlinks of the administrator’s above it are followed, and the keeper is told where they lead',
  async (t) => {
    await mkdir(join(t.dir, 'real', 'build'), { recursive: true });
    await symlink('real', join(t.dir, 'link'));
    assert.is(await see(join(t.dir, 'link', 'build')), join(t.dir, 'real', 'build'));
    assert.is(await see(join(t.dir, 'link', 'build', '..', 'build')), join(t.dir, 'real', 'build'));
  },
);

tell('the directory itself is never a symlink, whoever made it', async (t) => {
  await mkdir(join(t.dir, 'real'));
  await symlink('real', join(t.dir, 'build'));
  for (const path of ['build', 'build/', 'build//'])
    assert.is(
      await see(`${t.dir}/${path}`),
      `absent: chroot: ${t.dir}/${path} is a symbolic link, which is not followed: name the directory`,
    );
});

tell('who else could lead the way elsewhere is named, and nothing is entered', async (t) => {
  const above = join(t.dir, 'above');
  const path = join(above, 'build');
  await mkdir(path, { recursive: true });
  await chown(path, 1234, 1234); // the jail's own directory belongs to whom it likes
  assert.is(await see(path), path);

  await chmod(above, 0o777);
  assert.is(
    await see(path),
    `refused: chroot: ${above} can be written by everybody (mode 0777), who could choose what is entered`,
  );
  await chmod(above, 0o1777);
  assert.is(await see(path), `refused: chroot: ${path} belongs to uid 1234, who can replace it in ${above}`);
  await chown(path, 0, 0);
  assert.is(await see(path), path);
  await chmod(above, 0o755);
  await chown(above, 1234, 0);
  assert.is(
    await see(path),
    `refused: chroot: ${above} belongs to uid 1234, not to root, who could choose what is entered`,
  );
});

tell('check says beforehand which directories would not be entered', async (t) => {
  await mkdir(join(t.dir, 'open', 'a'), { recursive: true });
  await chmod(join(t.dir, 'open'), 0o777);
  await symlink('good', join(t.dir, 'link'));
  await mkdir(join(t.dir, 'good'));
  const jails = { a: 'open/a', b: 'link', c: 'good', d: 'not-yet', e: '/' };
  const lines = Object.entries(jails).map(
    ([name, path]) =>
      `  ${name}: {chroot: ${resolve(t.dir, path)}, probes: {${name.repeat(6)}: {command: "true"}}}\n`,
  );
  const file = join(t.dir, 'jaildaemon.yml');
  await writeFile(file, `jails:\n${lines.join('')}`, { mode: 0o600 });
  const { code, stderr } = await execute(process.execPath, [PROGRAM, 'check', file]);
  assert.is(code, 0, 'by the time it is loaded it may be right');
  const said = stderr.split('\n').filter((line) => line.includes('warning: '));
  assert.equal(said, [
    `${file}:2:15: warning: nothing would be armed in this directory: ${t.dir}/open can be written by everybody (mode 0777), who could choose what is entered`,
    `${file}:3:15: warning: nothing would be armed in this directory: ${t.dir}/link is a symbolic link, which is not followed: name the directory`,
    `${file}:6:15: warning: nothing would be armed in this directory: / is the host's own root`,
  ]);
});

/** A daemon with one probe in this directory, which it looks at all the time. */
function watching(t: Teller, path: string): Promise<Daemon> {
  const probes = { BUTTON: { title: t.unique('BUTTON'), command: 'true' } };
  return daemon(
    t,
    JSON.stringify({ settings: { rescan: '100ms' }, jails: { build: { chroot: path, probes } } }),
  );
}

const rootOf = (pid: number | undefined): number => statSync(`/proc/${pid}/root/`).ino;

tell('a directory that vanishes and comes back: waiting, then a new instance', async (t) => {
  const path = join(t.dir, 'build');
  await mkdir(path);
  const host = await watching(t, path);
  const first = await host.reaches('build/BUTTON', 'armed');
  assert.is((await host.cli('trigger', 'build', t.unique('BUTTON'))).code, 0);
  await host.reaches('build/BUTTON', 'spent');

  await rename(path, `${path}.old`);
  const waiting = await host.reaches('build/BUTTON', 'waiting');
  assert.is(waiting.reason, `no directory ${path}`);
  await mkdir(path);
  // `respawn: never`: it is armed again only because this is another life of the jail.
  const second = await host.reaches('build/BUTTON', 'armed');
  assert.is.not(second.instance, first.instance);
  assert.is(rootOf(second.pid), statSync(path).ino);
});

tell('another directory in its place at once: the probe moves', async (t) => {
  const path = join(t.dir, 'build');
  await mkdir(path);
  await mkdir(`${path}.new`);
  const host = await watching(t, path);
  const first = await host.reaches('build/BUTTON', 'armed');
  await rename(path, `${path}.old`);
  await rename(`${path}.new`, path);
  const second = await host.probe(
    'build/BUTTON',
    (p) => p.state === 'armed' && p.instance !== first.instance,
    'moves',
  );
  assert.is(rootOf(second.pid), statSync(path).ino);
});

tell(
  'a file system in its place that stops answering holds up nobody',
  async (t) => {
    const path = join(t.dir, 'build');
    await mkdir(path);
    const server = await built(t, 'broken-disk');
    const host = await watching(t, path);
    await host.reaches('build/BUTTON', 'armed');
    // The owner of a directory may be allowed to mount there.
    const disk = spawn(server, [path, '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => disk.once('exit', resolve));
    t.defer('take the disk off', async () => {
      await execute('umount', ['--lazy', path]);
      disk.kill();
      await ended;
    });
    let said = '';
    disk.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(() => said.includes('silent'), 'somebody waits for it');
    assert.is((await host.cli('reload')).code, 0);
    await host.edit(`jails: {}\n`);
    assert.match((await host.cli('reload')).stdout, /^generation \d+ is active/m);
  },
  existsSync('/dev/fuse') ? {} : { unless: 'no /dev/fuse' },
);

tell('a symlink or a file in its place: waiting, and nothing is entered through it', async (t) => {
  const path = join(t.dir, 'build');
  await mkdir(path);
  await mkdir(join(t.dir, 'elsewhere'));
  const host = await watching(t, path);
  const first = await host.reaches('build/BUTTON', 'armed');
  await rename(path, `${path}.old`);
  await symlink('elsewhere', path);
  const waiting = await host.reaches('build/BUTTON', 'waiting');
  assert.is(waiting.reason, `chroot: ${path} is a symbolic link, which is not followed: name the directory`);
  await until(() => rootOr(first.pid) === undefined, 'the probe has left');

  await unlink(path);
  await writeFile(path, '');
  await host.probe(
    'build/BUTTON',
    (p) => p.reason === `chroot: ENOTDIR, ${path} is not a directory`,
    'waits',
  );
  await rm(path);
  await mkdir(path);
  const second = await host.reaches('build/BUTTON', 'armed');
  assert.is.not(second.instance, first.instance);
  assert.is(rootOf(second.pid), statSync(path).ino);
  assert.is((await host.status()).probes.length, 1);
});

tell('the keeper follows no symlink anywhere on the way', async (t) => {
  const { client } = await keeper(t);
  const path = join(t.dir, 'real', 'build');
  await mkdir(path, { recursive: true });
  await symlink('real', join(t.dir, 'link'));
  const { dev, ino } = byChroot(path) as { dev: string; ino: string };
  const planted = { enter: 'chroot', instance: 'i', root: join(t.dir, 'link', 'build'), dev, ino };
  await client.order('arm', definition('web/A', t.unique('A'), planted));
  const failed = await client.next('failed');
  assert.equal([failed['stage'], failed['errno']], ['root', '20'], 'ENOTDIR');
});

tell(
  'while directories and a symlink are swapped at full speed, the wrong one is never entered',
  async (t) => {
    const [path, decoy, link] = ['build', 'decoy', 'link'].map((name) => join(t.dir, name)) as [
      string,
      string,
      string,
    ];
    await mkdir(path);
    await mkdir(decoy);
    await symlink('/', link);
    const { client } = await keeper(t);
    const where = byChroot(path);
    const swap = spawn(await built(t, 'swap'), [path, decoy, link], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => swap.once('exit', resolve));
    t.defer('stop swapping', async () => {
      swap.kill('SIGKILL');
      await ended;
    });
    await new Promise((resolve) => swap.stdout.once('data', resolve));

    const outcomes = new Map<string, number>();
    const count = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
    for (let i = 0; i < 600; i++) {
      await client.order('arm', definition(`web/${i}`, t.unique(`P${i}`), where));
      const said = await until(
        () =>
          client.told.find(({ verb, key }) => key === `web/${i}` && (verb === 'armed' || verb === 'failed')),
        `arming ${i} has come to something`,
      );
      if (said.verb === 'armed') {
        assert.is(String(rootOf(Number(said['pid']))), where['ino'], 'only the directory that was seen');
        count('entered');
      } else count(`${said['stage']} ${said['errno']}`);
      await client.order('disarm', { key: `web/${i}` });
    }
    const [ESTALE, ENOTDIR] = ['root 116', 'root 20'];
    assert.equal(
      [...outcomes.keys()].sort(),
      ['entered', ESTALE, ENOTDIR].sort(),
      'each of the three was met',
    );
  },
  { seconds: 90 },
);

function rootOr(pid: number | undefined): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/root`);
  } catch {
    return undefined;
  }
}

run();
