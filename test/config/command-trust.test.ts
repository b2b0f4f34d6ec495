// Who else could change what a command runs. Tried with real owners and modes.
import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namedPaths } from '../../src/config/named-paths.ts';
import { probe } from './broken.ts';
import { inFolder, me } from './folder.ts';

/** Only root can give files away. */
const asRoot = me === 0 ? test : test.skip;
const stranger = 12_345;

test('what a command names by path', () => {
  const shell = (text: string) => namedPaths(['/bin/sh', '-c', text]);
  assert.equal(shell('/usr/local/bin/snap "$JAIL_NAME"'), ['/usr/local/bin/snap']);
  assert.equal(shell('exec LANG=C /opt/a -x'), ['/opt/a']);
  assert.equal(shell('/bin/sh -e /opt/b.sh now'), ['/bin/sh', '/opt/b.sh']);
  assert.equal(shell('python3 /opt/c.py'), ['/opt/c.py']);
  assert.equal(shell('zfs snapshot jails/web'), []);
  assert.equal(shell('"$HOME"/x; /opt/d'), [], 'what a shell would work out is not guessed');
  assert.equal(namedPaths(['/usr/bin/perl', '-w', '/opt/e.pl', '/tmp/data']), ['/usr/bin/perl', '/opt/e.pl']);
  assert.equal(namedPaths(['update-routing', '/tmp/data']), []);
  assert.equal(namedPaths(['/usr/bin/env', '-i', '-u', 'A', 'B=/c', '/opt/f', '/tmp/data']), [
    '/usr/bin/env',
    '/opt/f',
  ]);
  assert.equal(shell('nice -n 5 timeout -k 5s 1h sh -e /opt/g.sh'), ['/opt/g.sh']);
  assert.equal(shell('timeout 1h tar cf /tmp/data /home'), []);
  assert.equal(namedPaths(['/bin/bash', '-ec', '/opt/h "$1"', '/tmp/data']), ['/bin/bash', '/opt/h']);
  assert.equal(namedPaths(['nice']), []);
});

test(
  'a script that its group can write, told of once, with the line of the first who runs it',
  inFolder(async ({ path, write, say }) => {
    chmodSync(write('snap.sh', '#!/bin/sh\n'), 0o775);
    write(
      'jaildaemon.yml',
      `${probe(`command: [${path}/snap.sh]`)}      B: { command: ${path}/snap.sh -x }\n`,
    );
    assert.is(
      await say(),
      `@/jaildaemon.yml:5:9: error: others could change what this command runs: @/snap.sh can be written by its group (mode 0775)
  5 |         command: [@/snap.sh]
    |         ^^^^^^^
    = chmod go-w @/snap.sh
1 error.
`,
    );
    assert.match(await say({ lenient: true }), /warning: others could change/);
    chmodSync(`${path}/snap.sh`, 0o755);
    assert.is(await say(), 'ok\n');
  }),
);

test(
  'it becomes writable while the configuration stays as it is: the next load refuses, and takes it back when it is mended',
  inFolder(async ({ path, write, loader }) => {
    const script = write('snap.sh', '#!/bin/sh\n');
    chmodSync(script, 0o755);
    write('jaildaemon.yml', probe(`command: [${path}/snap.sh]`));
    const one = loader();
    const first = await one.load();
    assert.is(first.ok, true);
    chmodSync(script, 0o777);
    const second = await one.load();
    assert.is(!second.ok && second.diagnostics[0]?.code, 'untrusted-command');
    chmodSync(script, 0o755);
    const third = await one.load();
    assert.is(third.ok && first.ok && third.digest, first.ok && first.digest);
  }),
);

asRoot(
  'a directory above it, an interpreter, a symlink and a script given to a shell, each of somebody else',
  inFolder(async ({ path, write, say }) => {
    chmodSync(write('home/a.sh', '#!/bin/sh\n'), 0o755);
    chownSync(`${path}/home`, stranger, 0);
    chmodSync(write('runner', '#!/bin/sh\n'), 0o777);
    chmodSync(write('b', `#! ${path}/runner -x\n`), 0o755);
    chmodSync(write('real', '#!/bin/sh\n'), 0o755);
    symlinkSync(`${path}/real`, `${path}/link`);
    chownSync(write('c.sh', 'true\n'), stranger, 0);
    chownSync(write('d', 'true\n'), stranger, 0);
    write(
      'jaildaemon.yml',
      `jails:
  web:
    probes:
      ONE: { command: [${path}/home/a.sh] }
      TWO: { command: [${path}/b] }
      THREE: { command: [${path}/link] }
      FOUR: { command: "sh ${path}/c.sh now" }
      FIVE: { command: [/usr/bin/env, LANG=C, timeout, 5s, ${path}/d] }
`,
    );
    const said = await say();
    assert.match(
      said,
      '4:14: error: others could change what this command runs: @/home/a.sh, since @/home belongs to uid 12345',
    );
    assert.match(
      said,
      '5:14: error: others could change what this command runs: @/b, since @/runner can be written by everybody',
    );
    assert.match(
      said,
      '7:24: error: others could change what this command runs: @/c.sh belongs to uid 12345',
    );
    assert.match(said, '8:15: error: others could change what this command runs: @/d belongs to uid 12345');
    assert.match(said, '4 errors.');
  }),
);

asRoot(
  'who a command runs as may own it',
  inFolder(async ({ path, write, say }) => {
    chmodSync(write('mine', '#!/bin/sh\n'), 0o755);
    chownSync(`${path}/mine`, 65_534, 0);
    write('jaildaemon.yml', probe(`command: [${path}/mine]`, 'run_as: nobody'));
    assert.is(await say(), 'ok\n');
    write('jaildaemon.yml', probe(`command: [${path}/mine]`));
    assert.match(await say(), 'belongs to uid 65534');
  }),
);

test(
  'what anybody may create: a missing program in a sticky directory, and a PATH that leads there',
  inFolder(async ({ path, write, say }) => {
    mkdirSync(`${path}/open`);
    chmodSync(`${path}/open`, 0o1777);
    write('jaildaemon.yml', probe(`command: [${path}/open/later]`));
    assert.match(
      await say(),
      '@/open/later, since @/open lets others create @/open/later, which does not exist',
    );
    write('jaildaemon.yml', probe('command: [later]', `env: { PATH: "/usr/bin:${path}/open" }`));
    assert.match(await say(), 'what this command runs: @/open lets others put programs there');
    write('jaildaemon.yml', probe(`command: [${path}/missing]`));
    assert.is(await say(), 'ok\n', 'a missing program that only root can put there is no danger');
  }),
);

test(
  'a program, the state and the configuration below the root of a chroot jail',
  inFolder(async ({ path, write, say }) => {
    chmodSync(write('jail/bin/tool', '#!/bin/sh\n'), 0o755);
    symlinkSync(path, `${path}/alias`);
    write(
      'jaildaemon.yml',
      `jails:\n  build: { chroot: ${path}/alias/jail, probes: { A1: { command: [/bin/true] } } }\n  web: { probes: { B1: { command: [${path}/jail/bin/tool] } } }\n`,
    );
    const said = await say({ own: [{ what: 'the state directory', path: `${path}/jail/var/db` }] });
    assert.match(said, '2:20: error: the state directory @/jail/var/db lies below the root of this jail');
    assert.match(said, /3:26: error: @\/jail\/bin\/tool lies below the root of jail "build"/);
    assert.match(said, '2 errors.');
  }),
);

test(
  'a chroot jail below the root of another',
  inFolder(async ({ path, write, say }) => {
    write('outer/inner/file', '');
    const jail = (name: string, root: string): string =>
      `  ${name}: { chroot: ${path}/${root}, probes: { ${name}1: { command: [/bin/true] } } }\n`;
    write('jaildaemon.yml', `jails:\n${jail('A', 'outer')}${jail('B', 'outer/inner')}${jail('C', 'outer')}`);
    const said = await say();
    assert.match(
      said,
      /3:16: error: this directory lies below the root of jail "A", whose root may put something/,
    );
    assert.match(said, '1 error.');
  }),
);

test(
  'titles with which pkill -f does something else than it looks like',
  inFolder(async ({ write, say }) => {
    write(
      'jaildaemon.yml',
      `jails:
  web:
    probes:
      ZFS: { command: [/bin/true] }
      ZFS_SNAPSHOT: { command: [/bin/true] }
      ALL: { title: "RELOAD (all)", command: [/bin/true] }
      SSH: { title: sshd, command: [/bin/true] }
      OFF: { title: SNAP, enabled: false }
      ROOT: { title: "-u0", command: [/bin/true] }
      WHO: { title: "who's there?", command: [/bin/true] }
`,
    );
    assert.is(
      await say(),
      `@/jaildaemon.yml:4:7: warning: pkill -f "ZFS" also reaches "ZFS_SNAPSHOT" of this jail
  4 |       ZFS: { command: [/bin/true] }
    |       ^^^
    = inside, ask by pkill -HUP -f '^ZFS$', or give them titles that are not parts of each other
@/jaildaemon.yml:6:21: warning: the title "RELOAD (all)" is a pattern to pkill -f, which does not mean itself
  6 |       ALL: { title: "RELOAD (all)", command: [/bin/true] }
    |                     ^^^^^^^^^^^^^^
    = inside, ask by pkill -HUP -f 'RELOAD \\(all\\)'
@/jaildaemon.yml:7:21: warning: pkill -f "sshd" also reaches processes such as "/usr/sbin/sshd -D"
  7 |       SSH: { title: sshd, command: [/bin/true] }
    |                     ^^^^
    = give it a title that no program has, such as ZFS_SNAPSHOT
@/jaildaemon.yml:9:22: warning: pkill -f takes the title "-u0" for an option of its own
  9 |       ROOT: { title: "-u0", command: [/bin/true] }
    |                      ^^^^^
    = give it a title that does not begin with "-", or ask inside by pkill -HUP -f '^-u0$'
@/jaildaemon.yml:10:21: warning: the title "who's there?" is a pattern to pkill -f, which does not mean itself
  10 |       WHO: { title: "who's there?", command: [/bin/true] }
     |                     ^^^^^^^^^^^^^^
     = inside, ask by pkill -HUP -f 'who'\\''s there\\?'
5 warnings.
ok
`,
    );
  }),
);

test(
  'of many such titles the first are told',
  inFolder(async ({ write, say }) => {
    const probes = Array.from({ length: 400 }, (_, i) => `      B${i}: { command: [/bin/true] }\n`);
    write('jaildaemon.yml', `jails:\n  web:\n    probes:\n${probes.join('')}`);
    const said = await say();
    assert.match(said, /reaches "B\d+" of this jail; it is so with \d+ titles more/);
    assert.match(said, '3 warnings.');
  }),
);

test.run();
