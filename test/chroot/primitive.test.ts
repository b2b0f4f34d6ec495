/** What chroot(2) does by itself, and what comes after it. */
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { must } from '../rig/execute.ts';
import { built, chroot, PRIMITIVE, root, stories } from './rig.ts';

const { tell, run } = stories('the primitive');

tell('it has no effect on the current directory', async (t) => {
  const dir = await root(t);
  await writeFile(join(dir, 'only-here'), '');
  const program = await built(t, 'primitive', ...PRIMITIVE);
  const { ino } = await stat(t.dir);
  assert.is(
    await must(program, ['cwd', dir], { cwd: t.dir }),
    `before: ${ino}\nchange_root: done\nafter: ${ino}\nthe root's file: there\n`,
  );
});

tell('a call that fails leaves root and directory as they were', async (t) => {
  const { ino } = await stat(t.dir);
  assert.is(
    await must(await built(t, 'primitive', ...PRIMITIVE), ['cwd', join(t.dir, 'nowhere')], { cwd: t.dir }),
    `before: ${ino}\nchange_root: ENOENT\nafter: ${ino}\nthe root's file: ENOENT\n`,
  );
});

tell('the command begins in the new root, wherever it was called from', async (t) => {
  const dir = await root(t);
  for (const words of [[], ['--kernel']]) {
    const { stdout } = await chroot([...words, dir, 'sh', '-c', 'pwd -P; ls -di . /'], { cwd: t.dir });
    const { ino } = await stat(dir);
    assert.equal(
      stdout.split('\n').map((line) => line.trim()),
      ['/', `${ino} .`, `${ino} /`, ''],
    );
  }
});

run();
