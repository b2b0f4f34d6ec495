/** The history's files: bounded, and no crash or full disk costs more than the line that it met. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { openJournal } from '../../src/history/journal.ts';
import { parseLine } from '../../src/history/lines.ts';
import { story, type Teller } from '../rig/story.ts';
import { ended, fired, read, WIDE } from './lines.ts';

const suite = createSuite('journal');
const tell = (name: string, how: (t: Teller) => Promise<void>): void =>
  story(suite, `journal: ${name}`, {}, how);

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
    if (what === 'triggers') assert.ok(ids.length >= 50 && ids.length <= 100, String(ids.length));
    else assert.ok(bytes >= 10_000 && bytes <= 20_000, String(bytes));
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
  assert.ok(length >= 25 && length <= 50, `about 50 are left: ${length}`);
  journal.close();
});

tell('what an earlier daemon wrote is counted exactly, however large it is', async (t) => {
  const first = openJournal(t.dir, WIDE);
  first.append(Array.from({ length: 5000 }, (_, n) => [fired(n), ended(n)]).flat());
  first.close();
  const full = openJournal(t.dir, { triggers: 10_002, bytes: 1 << 30 });
  full.append([fired(5000)]);
  assert.not.ok(existsSync(join(t.dir, 'history.1.jsonl')), 'half of the bound is there, and not more');
  full.append([fired(5001)]);
  assert.ok(existsSync(join(t.dir, 'history.1.jsonl')), 'now it is more');
  full.close();
});

for (const [what, bounds] of [
  ['triggers', { triggers: 40, bytes: 1 << 30 }],
  ['bytes', { triggers: 1_000_000, bytes: 9_000 }],
] as const) {
  tell(`smaller bounds of ${what} hold at once: after a reload, and at a start`, async (t) => {
    for (const start of [false, true]) {
      for (const count of [101, 160, 199]) {
        const dir = join(t.dir, `${start} ${count}`);
        mkdirSync(dir);
        const before = openJournal(dir, { triggers: 200, bytes: 1 << 30 });
        await before.setBounds({ triggers: 200, bytes: 1 << 30 });
        for (let n = 1; n <= count; n++) before.append([fired(n), ended(n)]);
        const journal = start ? openJournal(dir, bounds) : before;
        const held = journal.setBounds(bounds);
        journal.append([fired(count + 1), ended(count + 1)]);
        await held;
        const damaged: string[] = [];
        const lines = await read(journal, damaged);
        const ids = lines.filter(({ t }) => t === 'fired').map(({ id }) => id);
        const told = `${count}: ${ids.join(' ')}`;
        assert.equal(damaged, [], told);
        assert.is(ids.at(-1), fired(count + 1).id, told);
        assert.equal(
          ids,
          Array.from(ids, (_, i) => fired(count + 2 - ids.length + i).id),
          told,
        );
        const files = readdirSync(dir).sort();
        assert.equal(files, ['history.1.jsonl', 'history.jsonl']);
        const bytes = files.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
        assert.ok(bytes <= bounds.bytes && ids.length <= 40 && ids.length >= 14, `${bytes} ${told}`);
        journal.close();
      }
    }
  });
}

tell('two reloads in a row, and rotations meanwhile: the newest stay, without a gap', async (t) => {
  const journal = openJournal(t.dir, WIDE);
  journal.append(Array.from({ length: 30_000 }, (_, n) => fired(n)));
  const bounds = [20_000, 100].map((triggers) => ({ triggers, bytes: 1 << 30 }));
  const state = { held: false };
  const held = Promise.all(bounds.map((one) => journal.setBounds(one))).then(() => (state.held = true));
  for (let next = 30_000; !state.held;) {
    for (let i = 0; i < 30; i++) journal.append([fired(next++)]);
    await new Promise(setImmediate);
    const files = ['history.1.jsonl', 'history.jsonl'].map((name) =>
      readFileSync(join(t.dir, name), 'latin1'),
    );
    const newest = files.join('').trimEnd().split('\n').slice(-50);
    assert.equal(
      newest.map((line) => parseLine(line)?.id),
      Array.from({ length: 50 }, (_, i) => fired(next - 50 + i).id),
    );
  }
  await held;
  const left = await read(journal);
  assert.ok(left.length >= 50 && left.length <= 100, String(left.length));
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

tell('a rotation that could only rename goes on when there is room again', async (t) => {
  const journal = openJournal(t.dir, { triggers: 4, bytes: 1 << 30 });
  journal.append([fired(1)]);
  journal.append([fired(2)]);
  // What stands in the way of the new file: the disk has no room for its name, say.
  const [current, older] = [join(t.dir, 'history.jsonl'), join(t.dir, 'history.1.jsonl')];
  renameSync(current, older);
  mkdirSync(current);
  assert.throws(() => journal.append([fired(3)]));
  rmdirSync(current);
  journal.append([fired(3)]);
  assert.equal(await read(journal), [fired(1), fired(2), fired(3)]);
  journal.close();
});

tell('somebody deletes the file, or the directory: what comes later is there', async (t) => {
  const state = join(t.dir, 'state');
  mkdirSync(state);
  const journal = openJournal(state, WIDE);
  journal.append([fired(1)]);
  rmSync(join(state, 'history.jsonl'));
  journal.append([fired(2)]);
  assert.equal(await read(journal), [fired(2)]);
  rmSync(state, { recursive: true });
  assert.equal(await read(journal), []);
  journal.append([fired(3)]);
  assert.equal(await read(journal), [fired(3)]);
  assert.is(statSync(state).mode & 0o777, 0o700);
  journal.close();
});

tell('who reads loses nothing to a rotation meanwhile, and sees nothing twice', async (t) => {
  for (const way of ['read', 'readBack'] as const) {
    const dir = join(t.dir, way);
    mkdirSync(dir);
    const journal = openJournal(dir, { triggers: 8000, bytes: 1 << 30 });
    journal.append(Array.from({ length: 4000 }, (_, n) => fired(n)));
    const ids: string[] = [];
    let next = 4000;
    for await (const lines of journal[way]()) {
      ids.push(...lines.map(({ id }) => id));
      for (let i = 0; i < 600; i++) journal.append([fired(next++)]);
    }
    if (way === 'readBack') ids.reverse();
    assert.equal(
      ids,
      Array.from({ length: 4000 }, (_, n) => fired(n).id),
      'what was there when it began',
    );
    journal.close();
  }
});

tell('a symlink in the file’s place is not followed', async (t) => {
  const precious = join(t.dir, 'precious');
  writeFileSync(precious, '');
  symlinkSync(precious, join(t.dir, 'history.jsonl'));
  assert.throws(() => openJournal(t.dir, WIDE), /ELOOP/);
  assert.is(readFileSync(precious, 'utf8'), '');
});

suite.run();
