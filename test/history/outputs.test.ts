/** Outputs: named by their trigger and by nothing else, and together within their bound. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { openOutputs } from '../../src/history/outputs.ts';
import { shorten } from '../../src/history/shorten.ts';
import { TRIGGER_ID } from '../../src/keeper/trigger-id.ts';
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

tell('what is no file is told as such, and keeps nobody who wants to read another', async (t) => {
  const folder = fill(t, 1, 100);
  // More than there are threads: one that waits for the other end of a FIFO waits for ever.
  const ids = Array.from({ length: 8 }, (_, n) => `fedcba98-${n}`);
  for (const id of ids) execFileSync('mkfifo', [join(folder, id)]);
  mkdirSync(join(folder, 'fedcba98-9'));
  const outputs = openOutputs(t.dir, 1 << 20);
  const said = [...ids, 'fedcba98-9'].map((id) =>
    outputs.open(id).then(
      () => 'opened',
      (error: Error) => error.message.replace(`${folder}/`, ''),
    ),
  );
  assert.equal(
    await Promise.all(said),
    [...ids, 'fedcba98-9'].map((id) => `${id} is no file`),
  );
  const fault = await shorten(join(folder, 'fedcba98-0'), { triggers: 1, bytes: 1 }).catch(String);
  assert.match(String(fault), 'fedcba98-0 is no file');
  const stream = await outputs.open('0123abcd-1');
  assert.ok(stream);
  stream?.destroy();
});

tell('over the bound the oldest are removed, and what is no output is left alone', async (t) => {
  const folder = fill(t, 10, 100);
  writeFileSync(join(folder, 'README'), 'x'.repeat(5000));
  const outputs = openOutputs(t.dir, 3 * 4096 + 1);
  await outputs.ended(63);
  assert.is(left(folder).length, 10, 'not at each of them');
  await outputs.ended(1);
  assert.equal(left(folder), [8, 9, 10], 'each takes a block of the disk');
  assert.ok(existsSync(join(folder, 'README')));
});

tell('a lowered bound, and what daemons left that ran too few commands to look', async (t) => {
  const folder = fill(t, 20, 5000);
  const outputs = openOutputs(t.dir, 1 << 20);
  await outputs.prune();
  assert.is(left(folder).length, 20);
  outputs.setTotal(5 * 8192);
  await outputs.prune();
  assert.equal(left(folder), [16, 17, 18, 19, 20]);
  outputs.setTotal(0);
  await outputs.prune();
  assert.equal(left(folder), []);
});

tell('a scribe writes while its file is removed; many prunes at once; no directory at all', async (t) => {
  const folder = fill(t, 3, 100);
  const outputs = openOutputs(t.dir, 0);
  const scribe = openSync(join(folder, '0123abcd-2'), 'a');
  await Promise.all([outputs.prune(), outputs.ended(1000), outputs.prune()]);
  assert.equal(left(folder), []);
  writeSync(scribe, 'more');
  closeSync(scribe);
  await outputs.prune();
  rmSync(folder, { recursive: true });
  await outputs.prune();
  assert.is(await outputs.open('0123abcd-1'), undefined);
});

tell('a directory with 20,000 outputs is looked through in slices', async (t) => {
  const folder = fill(t, 20_000, 1);
  const outputs = openOutputs(t.dir, 4096 * 19_000);
  let turns = 0;
  const ticking = setInterval(() => turns++, 5);
  await outputs.prune();
  clearInterval(ticking);
  assert.is(left(folder).length, 19_000);
  assert.ok(turns > 3, `the loop turned ${turns} times meanwhile`);
});

suite.run();

/** So many outputs, the first one the oldest. */
function fill(t: Teller, count: number, size: number): string {
  const folder = join(t.dir, 'output');
  mkdirSync(folder);
  for (let n = 1; n <= count; n++) {
    const file = join(folder, `0123abcd-${n}`);
    writeFileSync(file, 'x'.repeat(size));
    utimesSync(file, n, n);
  }
  return folder;
}

function left(folder: string): number[] {
  const names = readdirSync(folder).filter((name) => TRIGGER_ID.test(name));
  return names.map((name) => Number(name.slice(9))).sort((a, b) => a - b);
}
