/** Every error that chroot(2) documents, provoked for real: by its name, with the path and what is to blame. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { execute } from '../rig/execute.ts';
import { until } from '../rig/until.ts';
import { built, chroot, PRIMITIVE, stories } from './rig.ts';

const { tell, run } = stories('errors');

async function failure(
  code: number,
  args: readonly string[],
  before: readonly string[] = [],
): Promise<string> {
  const outcome = await chroot(args, { before });
  assert.is(outcome.code, code, outcome.stderr);
  assert.is(outcome.stdout, '');
  return outcome.stderr;
}

tell('ENOTDIR: a component is a file, the last one too', async (t) => {
  const file = join(t.dir, 'file');
  await writeFile(file, '');
  assert.is(await failure(1, [file]), `jaildaemon: chroot: ENOTDIR: ${file}: "file" is not a directory\n`);
  assert.is(
    await failure(1, [`${file}/below`]),
    `jaildaemon: chroot: ENOTDIR: ${file}/below: "file" is not a directory\n`,
  );
});

tell('ENOENT: says which component, and through which link', async (t) => {
  const path = join(t.dir, 'nowhere', 'below');
  assert.is(await failure(1, [path]), `jaildaemon: chroot: ENOENT: ${path}: "nowhere" does not exist\n`);
  await symlink('/nonexistent', join(t.dir, 'link'));
  assert.is(
    await failure(1, [join(t.dir, 'link')]),
    `jaildaemon: chroot: ENOENT: ${t.dir}/link: "link", a symbolic link to "/nonexistent", does not exist\n`,
  );
  assert.match(await failure(1, ['']), /^jaildaemon: chroot: ENOENT: : an empty path names no directory\n$/);
});

tell('EPERM: nobody but the superuser; and the superuser only with its capability', async () => {
  assert.is(
    await failure(77, ['/'], ['setpriv', '--reuid=65534', '--clear-groups', '--regid=65534']),
    'jaildaemon: chroot: EPERM: /: only the superuser may change the root, and this is uid 65534\n',
  );
  assert.is(
    await failure(77, ['/'], ['setpriv', '--bounding-set=-sys_chroot']),
    'jaildaemon: chroot: EPERM: /: chroot(2): Operation not permitted; this superuser lacks CAP_SYS_CHROOT\n',
  );
});

tell('ENAMETOOLONG: a component of 256 bytes, a path of 1,024, and not one byte earlier', async () => {
  const component = await failure(1, [`/${'x'.repeat(256)}`]);
  assert.match(
    component,
    /^jaildaemon: chroot: ENAMETOOLONG: \/x+: "x{64}\.\.\." has 256 bytes; 255 is the most/,
  );
  assert.match(await failure(1, [`/${'x'.repeat(255)}`]), / ENOENT: /);

  const long = `/${'./'.repeat(1024)}`;
  assert.match(
    await failure(1, [long.slice(0, 1024)]),
    /^jaildaemon: chroot: ENAMETOOLONG: [./]{64}\.\.\.: the path has 1024 bytes; 1023 is the most\n$/,
  );
  assert.is((await chroot([long.slice(0, 1023), 'true'])).code, 0);
});

tell('EACCES: a component that may not be searched, the last one too', async (t) => {
  // root, but without the capabilities by which it reads what is not its own
  const mortal = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
  const locked = join(t.dir, 'locked');
  await mkdir(join(locked, 'in'), { recursive: true });
  await chown(locked, 1234, 1234);
  await chmod(locked, 0o700);
  for (const path of [locked, join(locked, 'in')])
    assert.is(
      await failure(77, [path], mortal),
      `jaildaemon: chroot: EACCES: ${path}: "locked" may not be searched\n`,
    );
});

tell('ELOOP: links that lead round and round', async (t) => {
  await symlink('pong', join(t.dir, 'ping'));
  await symlink('ping', join(t.dir, 'pong'));
  const path = join(t.dir, 'ping', 'below');
  assert.is(
    await failure(1, [path]),
    `jaildaemon: chroot: ELOOP: ${path}: "ping", a symbolic link to "pong", leads through too many symbolic links\n`,
  );
});

tell('EFAULT: a pointer into nowhere, which no command line can hold', async (t) => {
  const { stdout, signal } = await execute(await built(t, 'primitive', ...PRIMITIVE), ['fault']);
  assert.is(signal, null);
  assert.is(stdout, 'EFAULT\n');
});

tell(
  'EIO: a file system that cannot be read',
  async (t) => {
    const disk = join(t.dir, 'disk');
    await mkdir(disk);
    const server = spawn(await built(t, 'broken-disk'), [disk], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    t.defer('take the disk off', async () => {
      await execute('umount', ['--lazy', disk]);
      server.kill();
      await ended;
    });
    let said = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(() => said === 'mounted\n', 'the disk is mounted');
    const path = join(disk, 'home', 'below');
    assert.is(await failure(1, [path]), `jaildaemon: chroot: EIO: ${path}: "home" cannot be read\n`);
  },
  existsSync('/dev/fuse') ? {} : { unless: 'no /dev/fuse' },
);

tell('a name that would paint the terminal comes out as text', async (t) => {
  const said = await failure(1, [join(t.dir, '\u001b[31mred\n')]);
  assert.ok(said.endsWith(': "\\x1b[31mred\\x0a" does not exist\n'), said);
});

run();
