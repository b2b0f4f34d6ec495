import { chmod, chown, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { look } from '../../src/jails/look.ts';
import { must } from '../rig/execute.ts';
import { KINDS } from '../rig/kinds.ts';
import { missing } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';

const pidfiles = suite('a pidfile is read with care');
const unless = missing();

/** A pidfile in a folder of its own, as a careful manager would keep it. */
async function pidfile(t: Teller, text: string | Buffer, mode = 0o644): Promise<string> {
  const folder = join(t.dir, 'run');
  await mkdir(folder, { mode: 0o755, recursive: true });
  const path = join(folder, 'web.pid');
  await writeFile(path, text, { mode });
  await chmod(path, mode);
  return path;
}

async function verdict(path: string): Promise<string> {
  const sighting = await look('web', { by: 'pidfile', path });
  if ('jail' in sighting) return `jail ${sighting.jail.pid}`;
  return 'absent' in sighting ? `absent: ${sighting.absent}` : `refused: ${sighting.refused}`;
}

const CONTENTS: [what: string, text: string | Buffer, expected: RegExp][] = [
  ['empty, as in the middle of being written', '', /^absent: .* is empty$/],
  ['of a process that is gone', '4194304\n', /^absent: no process 4194304$/],
  ['without a newline', '4194304', /^absent: no process 4194304$/],
  ['zero', '0\n', /^refused: .* does not hold one pid/],
  ['negative', '-1\n', /^refused: .* does not hold one pid/],
  ['with a leading zero', '04711\n', /^refused: .* does not hold one pid/],
  ['in hex', '0x10\n', /^refused: .* does not hold one pid/],
  ['two lines', '12\n13\n', /^refused: .* does not hold one pid/],
  ['blanks around it', ' 12 \n', /^refused: .* does not hold one pid/],
  ['a NUL after it', '12\0\n', /^refused: .* does not hold one pid/],
  ['a number that is no pid at all', '99999999999999\n', /^refused: .* does not hold one pid/],
  ['of 33 bytes', `${'1'.repeat(32)}\n`, /^refused: .* is longer than 32 bytes$/],
  ['of a megabyte', Buffer.alloc(1 << 20, '1'), /^refused: .* is longer than 32 bytes$/],
];

for (const [what, text, expected] of CONTENTS) {
  story(pidfiles, `contents: ${what}`, { unless }, async (t) => {
    assert.match(await verdict(await pidfile(t, text)), expected);
  });
}

story(pidfiles, 'a process of the host is no jail', { unless }, async (t) => {
  const path = await pidfile(t, `${process.pid}\n`);
  const expected = new RegExp(`^refused: pid ${process.pid} \\([^)]+\\) lives in the host's PID namespace$`);
  assert.match(await verdict(path), expected);
});

story(pidfiles, 'a file or a folder that others may write is refused, and named', { unless }, async (t) => {
  const path = await pidfile(t, '4194304\n');
  const refused = (blamed: string, why: string) =>
    `refused: pidfile ${path} is not to be trusted: ${blamed} ${why}`;

  await chmod(path, 0o664);
  assert.is(await verdict(path), refused(path, 'can be written by its group (mode 0664)'));
  await chmod(path, 0o646);
  assert.is(await verdict(path), refused(path, 'can be written by everybody (mode 0646)'));
  await chmod(path, 0o644);
  await chown(path, 80, 0);
  assert.is(await verdict(path), refused(path, 'belongs to uid 80, not to root'));
  await chown(path, 0, 0);

  await chmod(join(t.dir, 'run'), 0o777);
  assert.is(await verdict(path), refused(join(t.dir, 'run'), 'can be written by everybody (mode 0777)'));
  await chmod(join(t.dir, 'run'), 0o755);
  await chown(t.dir, 80, 0);
  assert.is(await verdict(path), refused(t.dir, 'belongs to uid 80, not to root'));
  await chown(t.dir, 0, 0);
  assert.match(await verdict(path), /^absent/);
});

story(pidfiles, 'a symlink is not followed, whatever it points to', { unless }, async (t) => {
  const path = await pidfile(t, '4194304\n');
  await symlink(path, join(t.dir, 'run', 'link.pid'));
  assert.match(await verdict(join(t.dir, 'run', 'link.pid')), /^refused: .* is a symbolic link$/);
});

story(pidfiles, "another user's symlink on the way is refused", { unless }, async (t) => {
  await pidfile(t, '4194304\n');
  await symlink(join(t.dir, 'run'), join(t.dir, 'way'));
  assert.match(await verdict(join(t.dir, 'way', 'web.pid')), /^absent/, "root's symlink is followed");
  await must('chown', ['-h', '80', join(t.dir, 'way')]);
  assert.match(
    await verdict(join(t.dir, 'way', 'web.pid')),
    /^refused: .*way belongs to uid 80, not to root$/,
  );
});

story(pidfiles, 'what is no regular file is refused, without waiting', { unless, seconds: 5 }, async (t) => {
  const folder = join(t.dir, 'run');
  await mkdir(folder);
  await must('mkfifo', [join(folder, 'fifo')]);
  await must('mknod', [join(folder, 'device'), 'c', '5', '0']);
  for (const name of ['fifo', 'device', '.']) {
    assert.match(
      await verdict(join(folder, name)),
      /^refused: .* (is not a regular file|cannot be opened: E[A-Z]+)$/,
    );
  }
});

story(
  pidfiles,
  'one that is missing, or whose folder is, is a jail that does not run',
  { unless },
  async (t) => {
    assert.match(await verdict(join(t.dir, 'no.pid')), /^absent: no pidfile /);
    assert.match(await verdict(join(t.dir, 'no', 'such', 'web.pid')), /^absent: no pidfile /);
  },
);

for (const name of ['unshare, init under a chroot', 'bubblewrap', 'runc', 'LXC']) {
  const kind = KINDS.find((kind) => kind.name === name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  story(
    pidfiles,
    `one below the jail's own root is refused (${name})`,
    { unless: kind.available() },
    async (t) => {
      const jail = await kind.start(t, 'web');
      const outside = await pidfile(t, `${jail.pid}\n`);
      assert.is(await verdict(outside), `jail ${jail.pid}`);
      const inside = join(t.dir, 'web', 'run', 'web.pid');
      await link(outside, inside);
      assert.is(await verdict(inside), `refused: pidfile ${inside} lies below the jail's own root`);
    },
  );
}

pidfiles.run();
