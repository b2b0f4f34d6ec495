/** `--kernel`: the root mount is replaced, in mounts of its own, so that the old root is out of reach. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { must } from '../rig/execute.ts';
import type { Teller } from '../rig/story.ts';
import { built, chroot, opening, root, seeingProcess1, stories } from './rig.ts';

const { tell, run } = stories('--kernel');

/** A mount namespace of the story's own, whose mounts are written down before and after: on the host others mount too. */
function watched(t: Teller, first = ':') {
  const script = `${first} && cat /proc/self/mountinfo >${t.dir}/before && "$@"; code=$?
    cat /proc/self/mountinfo >${t.dir}/after; exit $code`;
  const seen = (when: 'before' | 'after'): Promise<string> => readFile(join(t.dir, when), 'utf8');
  return {
    before: ['unshare', '--mount', 'sh', '-c', script, 'sh'],
    unchanged: async () =>
      assert.is(await seen('after'), await seen('before'), 'the mounts are what they were'),
  };
}

/** A root with a program in it that breaks out of a chroot, and a file of the host that it then can see. */
async function cell(t: Teller): Promise<{ dir: string; escape: string[] }> {
  const dir = await root(t);
  await copyFile(await built(t, 'escape'), join(dir, 'escape'));
  await writeFile(join(t.dir, 'host'), '');
  return { dir, escape: ['/escape', join(t.dir, 'host')] };
}

tell('the classic escape gets out of a plain chroot', async (t) => {
  const { dir, escape } = await cell(t);
  const { stdout, stderr } = await chroot([dir, ...escape]);
  assert.is(stdout, 'out\n', stderr);
});

tell('and does not get out of this one', async (t) => {
  const { dir, escape } = await cell(t);
  const { before, unchanged } = watched(t);
  const { stdout, stderr } = await chroot(['--kernel', dir, ...escape], { before });
  assert.is(stdout, 'still inside\n', stderr);
  await unchanged();
});

tell('inside there is one mount, the directory, and what was mounted below it', async (t) => {
  const dir = await root(t);
  const script =
    'mount -t proc proc /proc && cut -d" " -f5 /proc/self/mounts >/dev/null; cut -d" " -f2 /proc/self/mounts';
  const plain = await chroot(['--kernel', dir, 'sh', '-c', script]);
  assert.is(plain.stdout, '/\n/proc\n', plain.stderr);

  await mkdir(join(dir, 'data'));
  await must('mount', ['-t', 'tmpfs', 'jd-test', join(dir, 'data')]);
  t.defer('unmount it', () => must('umount', [join(dir, 'data')]));
  const below = await chroot(['--kernel', dir, 'sh', '-c', script]);
  assert.is(below.stdout, '/\n/data\n/proc\n', below.stderr);
});

tell('mounts that are shared among namespaces hear nothing of it', async (t) => {
  const dir = await root(t);
  // As systemd has it on most hosts: everything is shared. In a namespace of the story's own.
  const { before, unchanged } = watched(t, 'mount --make-rshared /');
  const { code, stderr } = await chroot(['--kernel', dir, 'sh', '-c', 'mount -t proc proc /proc'], {
    before,
  });
  assert.is(code, 0, stderr);
  await unchanged();
});

tell('a file system that the host unmounts goes away inside too, and is not kept busy', async (t) => {
  const dir = await root(t);
  await mkdir(join(dir, 'data'));
  const inside = 'echo >/data/seen; while [ -e /data/seen ]; do sleep 0.02; done; echo gone';
  const script = `mount --make-rshared / && mount -t tmpfs jd-test ${dir}/data || exit
    "$@" & while [ ! -e ${dir}/data/seen ]; do sleep 0.02; done; umount ${dir}/data; wait $!`;
  const before = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
  const { stdout, stderr } = await chroot(['--kernel', dir, 'sh', '-c', inside], { before });
  assert.is(stdout, 'gone\n', stderr);
});

tell('an open directory would lead out: refused, unless somebody insists', async (t) => {
  const { dir } = await cell(t);
  // Where a plain chroot is allowed, since it is the first.
  const before = [...seeingProcess1, ...opening('7</tmp')];
  assert.is((await chroot([dir, 'true'], { before })).code, 0);
  const refused = await chroot(['--kernel', dir, 'true'], { before });
  assert.is(refused.code, 77);
  assert.match(refused.stderr, /EPERM: .*: descriptor 7 is an open directory, \/tmp\n/);
  const insisted = ['--kernel', '--open-directories', '2', dir, 'true'];
  assert.is((await chroot(insisted, { before })).code, 0);
});

tell('its errors are those of chroot(2), and the capability that it needs', async (t) => {
  const { stderr } = await chroot(['--kernel', join(t.dir, 'nowhere')]);
  assert.is(stderr, `jaildaemon: chroot: ENOENT: ${t.dir}/nowhere: "nowhere" does not exist\n`);
  const weak = await chroot(['--kernel', '/'], { before: ['setpriv', '--bounding-set=-sys_admin'] });
  assert.is(weak.code, 77);
  assert.is(
    weak.stderr,
    'jaildaemon: chroot: EPERM: /: unshare(2): Operation not permitted; this superuser lacks CAP_SYS_ADMIN\n',
  );
});

run();
