/** Outputs: named by their trigger and by nothing else, and together within their bound. */
import { existsSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { openOutputs, TRIGGER_ID } from '../../src/history/outputs.ts';
import { story, type Teller } from '../rig/story.ts';

const suite = createSuite('outputs');
const tell = (name: string, how: (t: Teller) => Promise<void>): void =>
  story(suite, `outputs: ${name}`, {}, how);

tell('nothing but a trigger’s id is a name', async (t) => {
  mkdirSync(join(t.dir, 'output'));
  writeFileSync(join(t.dir, 'secret'), 'secret');
  symlinkSync('../secret', join(t.dir, 'output', '0123abcd-2'));
  const outputs = openOutputs(t.dir, 1000);
  for (const id of [
    '../secret',
    '.',
    '',
    '0123abcd-1/../../secret',
    '0123ABCD-1',
    '0123abcd-',
    '0123abcd-1\n',
  ]) {
    assert.not.ok(TRIGGER_ID.test(id), id);
    assert.is(await outputs.open(id), undefined);
  }
  assert.is(await outputs.open('0123abcd-1'), undefined, 'not there');
  await outputs.open('0123abcd-2').then(
    () => assert.unreachable('a symlink was followed'),
    (error: NodeJS.ErrnoException) => assert.is(error.code, 'ELOOP'),
  );
});

tell('over the bound the oldest are removed, and what is no output is left alone', async (t) => {
  const folder = join(t.dir, 'output');
  mkdirSync(folder);
  for (let n = 1; n <= 10; n++) {
    const file = join(folder, `0123abcd-${n}`);
    writeFileSync(file, 'x'.repeat(100));
    utimesSync(file, n, n);
  }
  writeFileSync(join(folder, 'README'), 'x'.repeat(5000));
  const outputs = openOutputs(t.dir, 350);
  for (let i = 0; i < 64; i++) await outputs.prune();
  const left = Array.from({ length: 10 }, (_, n) => n + 1).filter((n) =>
    existsSync(join(folder, `0123abcd-${n}`)),
  );
  assert.equal(left, [8, 9, 10]);
  assert.ok(existsSync(join(folder, 'README')));
});

suite.run();
