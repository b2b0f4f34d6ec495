/** Whatever has got into the history's file: it is skipped and told, and what is whole is read. */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { openJournal } from '../../src/history/journal.ts';
import { shorten } from '../../src/history/shorten.ts';
import { story, type Teller } from '../rig/story.ts';
import { ended, fired, read, readBack, WIDE } from './lines.ts';

const suite = createSuite('damage');
const tell = (name: string, how: (t: Teller) => Promise<void>): void =>
  story(suite, `damage: ${name}`, {}, how);

/** Of a line that is none of ours. */
const RUBBISH = [
  'null',
  '42',
  '[]',
  '{}',
  '"fired"',
  '{"t":"fired"}',
  '{"t":"fired","id":7}',
  '{"t":"fired","id":"0123abcd-1"}',
  '{"t":"ended","id":"../../etc/passwd","endedAt":"2026-01-01T00:00:00.000Z"}',
  '{"t":"ended","id":"0123abcd-1","endedAt":"yesterday"}',
  '{"t":"ended","id":"0123abcd-1","endedAt":"2026-01-01T00:00:00.000Z","exitCode":"0"}',
  '{"t":"ended","id":"0123abcd-1","endedAt":"2026-01-01T00:00:00.000Z","fate":{}}',
  JSON.stringify({ ...fired(1), by: 'nobody' }),
  JSON.stringify({ ...fired(1), title: ['BUTTON'] }),
  JSON.stringify({ ...fired(1), firedAt: 'NaN' }),
  '{"t":"paused","id":"0123abcd-1","of":"a later version"}',
  '\0\0\0',
  '{"t":',
];

tell('rubbish is skipped and told, whatever it is', async (t) => {
  const file = join(t.dir, 'history.jsonl');
  writeFileSync(file, `${JSON.stringify(fired(1))}\n${RUBBISH.join('\n')}\n\n`);
  appendFileSync(file, Buffer.from([0xff, 0xfe, 0xc3, 0x0a]));
  const journal = openJournal(t.dir, WIDE);
  journal.append([fired(2)]);
  const damaged: string[] = [];
  assert.equal(await read(journal, damaged), [fired(1), fired(2)]);
  assert.is(damaged.length, RUBBISH.length + 1);
  assert.equal(await readBack(journal), [fired(1), fired(2)]);
  journal.close();
});

tell(
  'what is no file in its place is told each time it is asked for, and no descriptor stays open',
  async (t) => {
    const journal = openJournal(t.dir, { triggers: 2, bytes: 1 << 20 });
    for (let n = 1; n <= 4; n++) journal.append([fired(n), ended(n)]);
    const file = join(t.dir, 'history.jsonl');
    renameSync(file, `${file}.away`);
    mkdirSync(file);
    const before = readdirSync('/proc/self/fd').length;
    for (let n = 0; n < 5; n++) {
      const fault = await read(journal).then(
        () => undefined,
        (error: Error) => error.message,
      );
      assert.is(fault, `${file} is no file`);
    }
    assert.is(readdirSync('/proc/self/fd').length, before);
    journal.close();
  },
);

tell('a line of 10 MiB costs no memory, and one note', async (t) => {
  const file = join(t.dir, 'history.jsonl');
  writeFileSync(file, `${JSON.stringify(fired(1))}\n`);
  appendFileSync(file, `${'x'.repeat(10 << 20)}\n`);
  const journal = openJournal(t.dir, WIDE);
  journal.append([fired(2)]);
  const damaged: string[] = [];
  assert.equal(await read(journal, damaged), [fired(1), fired(2)]);
  assert.equal(damaged, ['(a line of more than 64 KiB)']);
  assert.equal(await readBack(journal), [fired(1), fired(2)]);
  journal.close();
});

tell('zeros to the end, as a power cut leaves them', async (t) => {
  const file = join(t.dir, 'history.jsonl');
  writeFileSync(file, `${JSON.stringify(fired(1))}\n`);
  truncateSync(file, 1 << 20);
  const journal = openJournal(t.dir, WIDE);
  journal.append([fired(2)]);
  const damaged: string[] = [];
  assert.equal(await read(journal, damaged), [fired(1), fired(2)]);
  assert.is(damaged.length, 1);
  assert.equal(await readBack(journal), [fired(1), fired(2)]);
  journal.close();
});

tell('a file of 100 MiB without a newline', async (t) => {
  const file = join(t.dir, 'history.jsonl');
  closeSync(openSync(file, 'w'));
  truncateSync(file, 100 << 20); // a hole: it takes no room
  const journal = openJournal(t.dir, WIDE);
  const before = process.memoryUsage().rss;
  assert.equal(await read(journal), []);
  assert.equal(await readBack(journal), []);
  const grown = (process.memoryUsage().rss - before) / (1 << 20);
  assert.ok(grown < 60, `${grown.toFixed()} MiB`);
  journal.append([fired(1)]);
  assert.equal(await readBack(journal), [fired(1)]);
  journal.close();
});

tell('both ways find the same lines, wherever the blocks are cut and whatever lies between', async (t) => {
  const file = join(t.dir, 'history.jsonl');
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.nat(999).map((n) => JSON.stringify(n % 2 ? fired(n) : ended(n))) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 200_000 }).map((length) => 'y'.repeat(length)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.constant('') },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 60, size: 'max' }), fc.boolean(), async (lines, whole) => {
      writeFileSync(file, lines.join('\n') + (whole ? '\n' : ''));
      const journal = openJournal(t.dir, WIDE);
      try {
        const forwards = await read(journal);
        assert.equal(await readBack(journal), forwards);
        const sound = lines
          .join('\n')
          .split('\n')
          .filter((line) => line.startsWith('{"t":"') && line.endsWith('}'));
        assert.ok(forwards.length >= sound.length - 1, 'only what is damaged is skipped');
      } finally {
        journal.close();
      }
    }),
    { numRuns: 300 },
  );
});

tell('what is cut off ends where a line ends, whatever bytes it is of', async (t) => {
  const file = join(t.dir, 'history.1.jsonl');
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.nat(999).map((n) => Buffer.from(JSON.stringify(fired(n)))) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 2_000 }).map((length) => Buffer.alloc(length, 0xff)) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 200_000 }).map((length) => Buffer.alloc(length, 'y')) },
    { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 30, size: 'max' }),
      fc.double({ min: 0, max: 1.1, noNaN: true }),
      async (lines, part) => {
        const rest = [Buffer.from(JSON.stringify(fired(0))), ...lines].map((line) =>
          Buffer.concat([line, Buffer.from('\n')]),
        );
        const size = (): number => rest.reduce((sum, { length }) => sum + length, 0);
        writeFileSync(file, Buffer.concat(rest));
        const bytes = Math.floor(size() * part);
        await shorten(file, { triggers: 1_000_000, bytes });
        while (size() > bytes) rest.shift();
        assert.ok(readFileSync(file).equals(Buffer.concat(rest)));
      },
    ),
    { numRuns: 200 },
  );
});

tell('a daemon that was killed while it shortened a file has left half a copy: it goes', async (t) => {
  const file = join(t.dir, 'history.1.jsonl');
  for (const there of [false, true]) {
    if (there) writeFileSync(file, `${JSON.stringify(fired(1))}\n`);
    writeFileSync(`${file}.new`, '{"t":"fi');
    await shorten(file, { triggers: 10, bytes: 10_000 });
    assert.equal(readdirSync(t.dir), there ? ['history.1.jsonl'] : []);
  }
});

suite.run();
