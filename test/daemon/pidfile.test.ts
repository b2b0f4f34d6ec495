/** The pidfile, as pidfile(3) has it; what can be shown of it without a lock. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { claimPidfile, openFlags } from '../../src/daemon/pidfile.ts';
import { story } from '../rig/story.ts';

const claims = suite('claiming the pidfile');

/** What is said, and that nothing was done. */
function refusal(path: string): { code: number; message: string } {
  try {
    claimPidfile(path);
  } catch (error) {
    return error as { code: number; message: string };
  }
  throw new Error(`${path} was claimed`);
}

story(
  claims,
  'a new one, and one that a dead daemon has left: our pid, mode 0600, no newline',
  {},
  async (t) => {
    const path = join(t.dir, 'pid');
    for (const before of [undefined, '', '4711', '4711\n', '1234567890']) {
      if (before !== undefined) writeFileSync(path, before, { mode: 0o644 });
      const pidfile = claimPidfile(path);
      assert.is(readFileSync(path, 'utf8'), String(process.pid));
      assert.is(statSync(path).mode & 0o777, 0o600);
      pidfile.remove();
      assert.not(existsSync(path));
    }
  },
);

story(claims, 'what is no pidfile of a daemon is left as it is', {}, async (t) => {
  const path = join(t.dir, 'pid');
  const precious = join(t.dir, 'precious');
  writeFileSync(precious, '4711');
  const inTheWay: [make: () => unknown, why: RegExp][] = [
    [() => symlinkSync(precious, path), /is in the way: it is a symlink$/],
    [() => symlinkSync(join(t.dir, 'nothing'), path), /is in the way: it is a symlink$/],
    [() => linkSync(precious, path), /is in the way: the same file has another name too$/],
    [() => execFileSync('mkfifo', [path]), /is in the way: it is no file$/],
    [() => execFileSync('mknod', [path, 'c', '1', '3']), /is in the way: it is no file$/],
    [() => writeFileSync(path, 'jails: {}\n'), /is in the way: it holds something else than a pid$/],
    [() => writeFileSync(path, '1'.repeat(40)), /is in the way: it holds something else than a pid$/],
  ];
  for (const [make, why] of inTheWay) {
    make();
    const { code, message } = refusal(path);
    assert.is(code, 77);
    assert.match(message, why);
    await unlink(path);
    assert.is(readFileSync(precious, 'utf8'), '4711');
    assert.not(existsSync(join(t.dir, 'nothing')));
  }
  await mkdir(path);
  assert.match(refusal(path).message, /is in the way: it is no file$/);
  assert.match(refusal(join(t.dir, 'no', 'pid')).message, /^cannot write the pidfile: ENOENT/);
});

story(claims, 'one that is another’s by now stays when we end', {}, async (t) => {
  const path = join(t.dir, 'pid');
  for (const other of ['4711', String(process.pid)]) {
    const pidfile = claimPidfile(path);
    writeFileSync(`${path}.new`, other);
    renameSync(`${path}.new`, path);
    pidfile.remove();
    assert.is(readFileSync(path, 'utf8'), other);
  }
  const pidfile = claimPidfile(path);
  writeFileSync(path, '4711'); // written over in its place
  pidfile.remove();
  assert.is(readFileSync(path, 'utf8'), '4711');
});

story(
  claims,
  'on BSD open(2) is asked for a lock, everywhere not to wait and to follow no link',
  {},
  async () => {
    const [linux, freebsd, dragonfly] = [openFlags('Linux'), openFlags('FreeBSD'), openFlags('DragonFly')];
    assert.is(freebsd & ~linux, 0x20, 'O_EXLOCK of sys/fcntl.h');
    assert.is(dragonfly, freebsd);
  },
);

claims.run();
