/** The history's files: bounded, and no crash or full disk costs more than the line that it met. */
import {
  appendFileSync,
  existsSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Line } from '../../src/history/entry.ts';
import { createMerger, recallTriggers } from '../../src/history/history.ts';
import { openJournal, type Bounds, type Journal } from '../../src/history/journal.ts';
import { NOTHING_OBSERVED } from '../../src/plan/observed.ts';
import { story, type Teller } from '../rig/story.ts';

const suite = createSuite('journal');
const tell = (name: string, how: (t: Teller) => Promise<void>): void =>
  story(suite, `journal: ${name}`, {}, how);
const WIDE: Bounds = { triggers: 1_000_000, bytes: 1 << 30 };

tell('what was appended is read, in order, after it was opened again', async (t) => {
  const journal = openJournal(t.dir, WIDE);
  journal.append([fired(1), fired(2)]);
  journal.append([]);
  journal.append([ended(1)]);
  journal.close();
  const again = openJournal(t.dir, WIDE);
  again.append([ended(2)]);
  assert.equal(await read(again), [fired(1), fired(2), ended(1), ended(2)]);
  assert.is(statSync(join(t.dir, 'history.jsonl')).mode & 0o777, 0o600);
  again.close();
});

tell('half a line, as a crash leaves it, costs that line and no other', async (t) => {
  const journal = openJournal(t.dir, WIDE);
  journal.append([fired(1), fired(2)]);
  journal.close();
  const file = join(t.dir, 'history.jsonl');
  truncateSync(file, statSync(file).size - 10);
  const again = openJournal(t.dir, WIDE);
  again.append([fired(3)]);
  const damaged: string[] = [];
  assert.equal(await read(again, damaged), [fired(1), fired(3)]);
  assert.is(damaged.length, 1);
  again.close();
});

tell('rubbish in the file is skipped and told, whatever it is', async (t) => {
  const file = join(t.dir, 'history.jsonl');
  const rubbish = [
    'null',
    '42',
    '[]',
    '{}',
    '{"t":"fired"}',
    '{"t":"fired","id":7}',
    '{"t":"other","id":"x"}',
    '\0\0\0',
    '{"t":',
  ];
  writeFileSync(file, `${JSON.stringify(fired(1))}\n${rubbish.join('\n')}\n\n`);
  appendFileSync(file, Buffer.from([0xff, 0xfe, 0x0a]));
  const journal = openJournal(t.dir, WIDE);
  journal.append([fired(2)]);
  const damaged: string[] = [];
  assert.equal(await read(journal, damaged), [fired(1), fired(2)]);
  assert.is(damaged.length, rubbish.length + 1);
  journal.close();
});

for (const [what, bounds] of [
  ['triggers', { triggers: 100, bytes: 1 << 30 }],
  ['bytes', { triggers: 1_000_000, bytes: 20_000 }],
] as const) {
  tell(`bounded by ${what}: the oldest go first, the newest stay`, async (t) => {
    const journal = openJournal(t.dir, bounds);
    for (let n = 1; n <= 1000; n++) journal.append([fired(n), ended(n)]);
    const lines = await read(journal);
    const ids = lines.filter(({ t }) => t === 'fired').map(({ id }) => id);
    assert.is(ids.at(-1), fired(1000).id);
    assert.equal(
      ids,
      Array.from(ids, (_, index) => fired(1000 - ids.length + 1 + index).id),
      'without a gap',
    );
    const bytes = ['history.jsonl', 'history.1.jsonl'].reduce(
      (sum, name) => sum + statSync(join(t.dir, name)).size,
      0,
    );
    if (what === 'triggers') assert.ok(ids.length >= 50 && ids.length <= 104, String(ids.length));
    else assert.ok(bytes >= 10_000 && bytes <= 21_000, String(bytes));
    journal.close();
  });
}

tell('the bounds hold over restarts that are more frequent than rotations', async (t) => {
  for (let n = 1; n <= 300; n++) {
    const journal = openJournal(t.dir, { triggers: 50, bytes: 1 << 30 });
    journal.append([fired(n)]);
    journal.close();
  }
  const journal = openJournal(t.dir, { triggers: 50, bytes: 1 << 30 });
  const { length } = await read(journal);
  assert.ok(length >= 25 && length <= 54, `about 50 are left: ${length}`);
  journal.close();
});

tell('what an earlier daemon wrote is counted exactly, however large it is', async (t) => {
  const first = openJournal(t.dir, WIDE);
  first.append(Array.from({ length: 5000 }, (_, n) => [fired(n), ended(n)]).flat());
  first.close();
  const full = openJournal(t.dir, { triggers: 10_000, bytes: 1 << 30 });
  full.append([fired(5000)]);
  assert.not.ok(existsSync(join(t.dir, 'history.1.jsonl')), 'half of the bound is there, and not more');
  full.append([fired(5001)]);
  assert.ok(existsSync(join(t.dir, 'history.1.jsonl')), 'now it is more');
  full.close();
});

tell('smaller bounds after a reload take effect at the next line', async (t) => {
  const journal = openJournal(t.dir, WIDE);
  for (let n = 1; n <= 200; n++) journal.append([fired(n)]);
  assert.not.ok(existsSync(join(t.dir, 'history.1.jsonl')));
  journal.setBounds({ triggers: 10, bytes: 1 << 30 });
  for (let n = 201; n <= 220; n++) journal.append([fired(n)]);
  assert.ok((await read(journal)).length <= 14);
  journal.close();
});

tell('a write that fails counts as nothing, and what comes later is whole', async (t) => {
  const journal = openJournal(t.dir, WIDE);
  journal.append([fired(1)]);
  journal.close();
  assert.throws(() => journal.append([fired(2)]), /EBADF|closed/);
  const again = openJournal(t.dir, WIDE);
  again.append([fired(2)]);
  assert.equal(await read(again), [fired(1), fired(2)]);
  again.close();
});

tell('two lines of a trigger are one entry; told twice they are still one', async () => {
  const merger = createMerger();
  for (const line of [fired(1), fired(1), ended(1), ended(1), fired(1), fired(2), ended(3)]) merger.add(line);
  const entries = merger.entries(NOTHING_OBSERVED);
  assert.is(entries.length, 2);
  assert.is(entries[0]?.exitCode, 0);
  assert.is(entries[0]?.fate, undefined);
  assert.is(entries[1]?.fate, 'unknown', 'of the second nobody knows the end, and nobody has it');
  assert.not.ok('t' in (entries[0] ?? {}));
});

tell('runs and last trigger of each probe come from what the history still has', async () => {
  async function* lines(): AsyncGenerator<Line> {
    yield* [ended(9), fired(1), ended(1), fired(2), fired(3, 'web/OTHER'), ended(3), ended(2)];
  }
  const probes = await recallTriggers(lines());
  assert.is(probes.get('web/BUTTON')?.runs, 2);
  assert.is(probes.get('web/BUTTON')?.last.run, fired(2).id);
  assert.is(probes.get('web/BUTTON')?.last.ending?.exitCode, 0);
  assert.is(probes.get('web/OTHER')?.runs, 1);
});

tell('a symlink in the file’s place is not followed', async (t) => {
  const precious = join(t.dir, 'precious');
  writeFileSync(precious, '');
  symlinkSync(precious, join(t.dir, 'history.jsonl'));
  assert.throws(() => openJournal(t.dir, WIDE), /ELOOP/);
  assert.is(readFileSync(precious, 'utf8'), '');
});

suite.run();

function fired(n: number, probe = 'web/BUTTON'): Line {
  const firedAt = new Date(1_800_000_000_000 + n).toISOString();
  return { t: 'fired', id: idOf(n), probe, jail: 'web', instance: 'i', title: 'BUTTON', firedAt, by: 'jail' };
}

function ended(n: number): Line {
  return {
    t: 'ended',
    id: idOf(n),
    endedAt: new Date(1_800_000_001_000 + n).toISOString(),
    durationMs: 3,
    exitCode: 0,
  };
}

function idOf(n: number): string {
  return `0123abcd-${n}`;
}

async function read(journal: Journal, damaged: string[] = []): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of journal.read((text) => damaged.push(text))) lines.push(line);
  return lines;
}
