/** Open descriptors: what the command inherits, and when an open directory forbids the call. */
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { inheritedOf, type Descriptor } from '../../src/inherited.ts';
import { chroot, opening, root, seeingProcess1, stories, underChroot } from './rig.ts';

const { tell, run } = stories('descriptors');
const LIST = 'ls -l /proc/self/fd';

tell('rule 0: an open directory forbids it always, and is named with what it leads to', async (t) => {
  const dir = await root(t);
  const open = opening('7<"$DIR"', '6</dev/null');
  const before = [...seeingProcess1, ...open];
  const env = { ...process.env, DIR: t.dir };
  const { code, stderr } = await chroot(['--open-directories', '0', dir, 'true'], { before, env });
  assert.is(code, 77);
  assert.is(
    stderr,
    `jaildaemon: chroot: EPERM: ${dir}: descriptor 7 is an open directory, ${t.dir}
  the old root can be reached through it: close it (in a shell: 7<&-), or say --open-directories 2
`,
  );
  assert.is((await chroot(['--open-directories=0', dir, 'true'], { before: seeingProcess1 })).code, 0);
});

tell('rule 0 sees standard input as well', async (t) => {
  const dir = await root(t);
  const { stderr } = await chroot(['--open-directories', '0', dir, 'true'], { before: opening('</tmp') });
  assert.match(stderr, /EPERM: .*: descriptor 0 is an open directory, \/tmp\n/);
});

tell('rule 1, the default: it is forbidden under a chroot and nowhere else', async (t) => {
  const dir = await root(t);
  const open = opening('7</tmp');
  const first = await chroot([dir, 'true'], { before: [...seeingProcess1, ...open] });
  assert.is(first.code, 0, first.stderr);

  const under = await underChroot(t);
  for (const words of [[], ['--open-directories', '1']]) {
    const second = await chroot([...words, dir, 'true'], { before: [...under, ...open] });
    assert.is(second.code, 77);
    assert.match(
      second.stderr,
      /EPERM: .*: descriptor 7 is an open directory, \/tmp\n {2}the old root can be/,
    );
  }
  assert.is((await chroot([dir, 'true'], { before: under })).code, 0, 'without a directory it goes on');
});

tell('rule 1 where nobody can see whether we are under a chroot: as if we were, and said', async (t) => {
  const dir = await root(t);
  // Process 1 of the host, seen by somebody who may not look at its root.
  const blind = ['setpriv', '--bounding-set=-sys_ptrace'];
  const { code, stderr } = await chroot([dir, 'true'], { before: [...blind, ...opening('7</tmp')] });
  assert.is(code, 77);
  assert.match(
    stderr,
    /descriptor 7 .*\n {2}whether this process is under a chroot already cannot be seen \(.+: EACCES\)\n/,
  );
});

tell('rule 2: nobody looks, under a chroot or not', async (t) => {
  const dir = await root(t);
  const args = ['--open-directories', '2', dir, 'true'];
  const under = await underChroot(t);
  for (const before of [[], seeingProcess1, under]) {
    const { code, stderr } = await chroot(args, { before: [...before, ...opening('7</tmp')] });
    assert.is(code, 0, stderr);
  }
});

tell('the command has what was open at the start, under its number, and nothing of ours', async (t) => {
  const redirections = [
    '3</etc/passwd',
    '7<"$DIR"',
    '9<>"$DIR/fifo"',
    '12>&1',
    '15</dev/zero',
    '40</etc/group',
    '200</dev/null',
  ];
  const env = { ...process.env, DIR: t.dir };
  const listed = async (before: readonly string[]): Promise<string[]> => {
    const { stdout, stderr } = await chroot(['--open-directories', '2', '/', 'sh', '-c', LIST], {
      before,
      env,
    });
    const lines = stdout.split('\n').flatMap((line) => /(\d+) -> (.+)$/.exec(line)?.slice(1).join(' ') ?? []);
    assert.is.not(lines.length, 0, stderr);
    return lines.filter((line) => !/^[012] /.test(line) && !line.includes('/proc/')).sort();
  };
  const before = ['bash', '-c', `mkfifo "$DIR/fifo"; exec "$@" ${redirections.join(' ')}`, 'sh'];
  const lines = await listed(before);
  const [output] = lines.flatMap((line) => /^12 (\w+:\[\d+\])$/.exec(line)?.[1] ?? []);
  assert.equal(
    lines.filter((line) => !existing.has(line)),
    [
      `12 ${output}`,
      '15 /dev/zero',
      '200 /dev/null',
      '3 /etc/passwd',
      '40 /etc/group',
      `7 ${t.dir}`,
      `9 ${t.dir}/fifo`,
    ],
  );
});

tell(
  'both ends of a pipe below our own first descriptor are handed on, as make(1) does with its jobs',
  async () => {
    const before = [
      'sh',
      '-c',
      'mkfifo "$0"; exec 3<>"$0" 4>&3; rm "$0"; exec "$@"',
      join('/tmp', `jd-fifo-${process.pid}`),
    ];
    const { stdout } = await chroot(['/', 'sh', '-c', LIST], { before });
    assert.match(stdout, / 3 -> .*\(deleted\)\n/);
    assert.match(stdout, / 4 -> .*\(deleted\)\n/);
  },
);

tell('Node’s own descriptors are told from inherited ones', async () => {
  const node = (number: number, target: string): Descriptor => ({ number, target, closeOnExec: true });
  const [epoll, event] = ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]'];
  assert.equal(
    inheritedOf([
      node(0, '/dev/null'),
      node(3, 'pipe:[1]'),
      node(4, 'pipe:[1]'),
      node(5, event),
      node(6, epoll),
      node(7, 'pipe:[2]'),
      node(8, 'socket:[9]'),
      node(9, 'pipe:[2]'),
      node(10, event),
      node(11, 'pipe:[3]'),
      node(12, '/tmp'),
      { number: 63, target: 'pipe:[4]', closeOnExec: false },
    ]),
    [3, 4, 5, 8, 11, 12],
  );
  assert.equal(inheritedOf([node(3, '/tmp')]), [3]);
});

/** What whoever runs the tests has left open to us. */
const existing = new Set(
  await Promise.all(
    (await readdir('/proc/self/fd')).map(
      async (number) => `${number} ${await readlink(`/proc/self/fd/${number}`).catch(() => '')}`,
    ),
  ),
);

run();
