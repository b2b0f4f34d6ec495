// Who may own what is read, and who may write it; and what is no file at all.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inFolder, me } from './folder.ts';

const stranger = 12_345;
/** Only root can give files away. */
const asRoot = me === 0 ? test : test.skip;
const whom = me === 0 ? 'root' : `root or uid ${me}`;

/** A file that includes d/a.yml. */
const twoFiles = { 'jaildaemon.yml': 'include: ["d/*.yml"]\njails: {}\n', 'd/a.yml': 'jails: {}\n' };

test(
  'a file that its group can write',
  inFolder(async ({ write, say }) => {
    chmodSync(write('jaildaemon.yml', 'jails: {}\n'), 0o664);
    assert.is(
      await say(),
      `@/jaildaemon.yml:1:1: error: @/jaildaemon.yml can be written by its group (mode 0664)
    = chmod go-w @/jaildaemon.yml
1 error.
`,
    );
    assert.match(await say({ lenient: true }), /warning: .*\n.*\n1 warning\.\nok\n$/);
  }),
);

asRoot(
  'a file, an include and a directory of somebody else',
  inFolder(async ({ path, write, say }) => {
    for (const [name, text] of Object.entries(twoFiles)) chownSync(write(name, text), stranger, 0);
    chownSync(`${path}/d`, stranger, 0);
    assert.is(
      await say(),
      `@/jaildaemon.yml:1:1: error: @/jaildaemon.yml belongs to uid 12345, not to ${whom}
    = chown root @/jaildaemon.yml
@/jaildaemon.yml:1:1: error: @/d belongs to uid 12345, not to ${whom}
    = chown root @/d
@/d/a.yml:1:1: error: @/d/a.yml belongs to uid 12345, not to ${whom}
    = chown root @/d/a.yml
3 errors.
`,
    );
    assert.is(await say({ owner: stranger }), 'ok\n', 'the daemon’s own user may own all of it');
  }),
);

test(
  'a directory that everybody can write; unless it is sticky',
  inFolder(async ({ path, write, say }) => {
    for (const [name, text] of Object.entries(twoFiles)) write(name, text);
    chmodSync(`${path}/d`, 0o777);
    assert.match(await say(), '@/jaildaemon.yml:1:1: error: @/d can be written by everybody (mode 0777)\n');
    chmodSync(`${path}/d`, 0o1777);
    assert.is(await say(), 'ok\n');
  }),
);

asRoot(
  'a symlink of somebody else, at any place of the way',
  inFolder(async ({ path, write, loader }) => {
    write('real/jaildaemon.yml', 'jails: {}\n');
    symlinkSync('real', `${path}/link`);
    symlinkSync(`${path}/link/jaildaemon.yml`, `${path}/jaildaemon.yml`);
    const good = await loader().load();
    assert.is(good.ok, true);
    const names = ['jaildaemon.yml', 'link', 'real/jaildaemon.yml'];
    assert.equal(
      [...good.involved].sort(),
      names.map((name) => `${path}/${name}`),
    );
    lchownSync(`${path}/link`, stranger, 0);
    const bad = await loader().load();
    assert.is(!bad.ok && bad.diagnostics[0]?.message, `${path}/link belongs to uid 12345, not to root`);
  }),
);

test(
  'symlinks that go round in circles',
  inFolder(async ({ path, say }) => {
    symlinkSync('b', `${path}/jaildaemon.yml`);
    symlinkSync('jaildaemon.yml', `${path}/b`);
    assert.match(await say(), 'leads through symlinks that go round in circles');
  }),
);

test(
  'no file: it is not there, or is a directory, a FIFO, a socket, a device',
  inFolder(async ({ path, say }) => {
    assert.match(await say(), '@/jaildaemon.yml:1:1: error: @/jaildaemon.yml does not exist\n');
    const made: [() => void | Promise<void>, string][] = [
      [() => mkdirSync(`${path}/jaildaemon.yml`), 'is a directory'],
      [() => void execFileSync('mkfifo', [`${path}/jaildaemon.yml`]), 'is a FIFO'],
      [() => listen(`${path}/jaildaemon.yml`), 'is a socket'],
      [() => symlinkSync('/dev/zero', `${path}/jaildaemon.yml`), 'is a device'],
    ];
    for (const [make, what] of made) {
      execFileSync('rm', ['-rf', `${path}/jaildaemon.yml`]);
      await make();
      assert.match(await say(), `error: @/jaildaemon.yml ${what}, not a file\n`);
    }
  }),
);

/** Leaves a socket behind. */
function listen(path: string): Promise<void> {
  return new Promise((resolve) => {
    const server = createServer().listen(path, () => {
      server.unref();
      resolve();
    });
  });
}

test.run();
