/** Killed before each system call that a rotation makes, and after it: nothing that was written is lost. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { openJournal } from '../../src/history/journal.ts';
import { execute } from '../rig/execute.ts';
import { missing } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { ended, fired, read, readBack } from './lines.ts';

const suite = createSuite('rotation');
const tell = (name: string, how: (t: Teller) => Promise<void>): void =>
  story(suite, `rotation: ${name}`, { seconds: 60, unless: missing('strace') }, how);

/** What touches the two files, in the order of a rotation; each is met at the first and at the second one. */
const CALLS: readonly (readonly [call: string, times: readonly number[]])[] = [
  ['fsync', [1, 2]],
  ['rename', [1, 2]],
  // At the start: the file, and its count; at each rotation again.
  ['openat', [1, 2, 3, 4, 5, 6]],
  ['close', [1, 2, 3, 4]],
  ['write', [1, 6, 7, 8, 14, 15]],
];

tell('a kill between any two steps', async (t) => {
  const outcomes: string[] = [];
  for (const [call, times] of CALLS) {
    for (const time of times) {
      const dir = join(t.dir, `${call}-${time}`);
      mkdirSync(dir);
      const { written, killed } = await killedAt(dir, call, time);
      assert.ok(killed, `${call} ${time}: it was not killed; it wrote ${written}`);
      const journal = openJournal(dir, { triggers: 12, bytes: 1 << 30 });
      const damaged: string[] = [];
      const numbers = (await read(journal, damaged)).filter(({ t }) => t === 'fired').map(numberOf);
      outcomes.push(`${call} ${time}: ${written} written, ${numbers.join(' ')}`);
      const told = outcomes.at(-1) ?? '';
      assert.equal(damaged, [], told);
      // The last one may be there before it was said to be.
      const newest = numbers.at(-1) ?? 0;
      assert.ok(newest === written || newest === written + 1, told);
      const least = Math.min(written, 6);
      assert.ok(numbers.length >= least && numbers.length <= 12, told);
      assert.equal(
        numbers,
        Array.from(numbers, (_, i) => newest - numbers.length + 1 + i),
        told,
      );
      // And it goes on.
      for (let n = newest + 1; n <= newest + 20; n++) journal.append([fired(n), ended(n)]);
      const after = (await readBack(journal)).filter(({ t }) => t === 'fired').map(numberOf);
      assert.is(after.at(-1), newest + 20, told);
      assert.ok(after.length >= 6 && after.length <= 12, told);
      journal.close();
    }
  }
  assert.ok(new Set(outcomes.map((line) => line.replace(/^.*: /, ''))).size > 5, outcomes.join('\n'));
});

suite.run();

async function killedAt(
  dir: string,
  call: string,
  time: number,
): Promise<{ written: number; killed: boolean }> {
  const only = ['history.jsonl', 'history.1.jsonl'].flatMap((name) => ['-P', join(dir, name)]);
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${time}`];
  const program = [process.execPath, '--import', 'tsx', join(import.meta.dirname, 'rotating.ts'), dir];
  const { stdout, signal, code } = await execute('strace', [
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    ...only,
    ...inject,
    ...program,
  ]);
  return { written: stdout.split('\n').filter(Boolean).length, killed: signal === 'SIGKILL' || code === 137 };
}

function numberOf({ id }: { readonly id: string }): number {
  return Number(id.slice(id.indexOf('-') + 1));
}
