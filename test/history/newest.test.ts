/** What `history` shows: the newest triggers, put together from the end backwards. */
import fc from 'fast-check';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Entry, Line } from '../../src/history/entry.ts';
import { openJournal } from '../../src/history/journal.ts';
import { createMerger, entryNow, findNewest, openTriggers } from '../../src/history/newest.ts';
import { NOTHING_OBSERVED, type Observed } from '../../src/plan/observed.ts';
import { story, type Teller } from '../rig/story.ts';
import { blocks, ended, fired, idOf, WIDE } from './lines.ts';

const suite = createSuite('newest');
const tell = (name: string, how: (t: Teller) => Promise<void>): void =>
  story(suite, `newest: ${name}`, {}, how);

const ALL = { count: 1_000_000, matches: () => true, open: new Set<string>() };

tell('two lines of a trigger are one entry; told twice they are still one', async () => {
  const lines = [fired(1), fired(1), ended(1), ended(1), fired(1), ended(1), fired(2), ended(3)];
  const { newest } = await findNewest(blocks(...lines.toReversed()), ALL);
  assert.equal(
    newest.map(({ id, exitCode }) => ({ id, exitCode })),
    [
      { id: idOf(1), exitCode: 0 },
      { id: idOf(2), exitCode: undefined },
    ],
  );
  assert.not.ok(newest.some((entry) => 't' in entry));
});

tell('what has not ended runs or waits if the keeper has it; else nobody knows', async () => {
  const { t: _, ...entry } = fired(1);
  assert.is(entryNow(entry, NOTHING_OBSERVED).fate, 'unknown');
  const queued = observed({ run: idOf(1), firedAt: 1 });
  assert.is(entryNow(entry, queued).fate, 'queued');
  assert.equal([...openTriggers(queued)], [idOf(1)]);
  const runs = entryNow(entry, observed({ run: idOf(1), firedAt: 1, startedAt: 1_800_000_000_500 }));
  assert.is(runs.fate, 'running');
  assert.is(runs.startedAt, '2027-01-15T08:00:00.500Z');
});

tell('it stops when it has enough', async () => {
  let taken = 0;
  async function* endless(): AsyncGenerator<readonly Line[]> {
    for (let n = 1_000_000; ; n -= 10) {
      taken++;
      yield Array.from({ length: 10 }, (_, i) => [ended(n - i), fired(n - i)]).flat();
    }
  }
  const { newest } = await findNewest(endless(), { ...ALL, count: 25 });
  assert.is(newest.length, 25);
  assert.is(newest.at(-1)?.id, idOf(1_000_000));
  assert.is(taken, 3);
  // A command that has run for very long is found as well, where that is asked for.
  const old = await findNewest(endless(), { ...ALL, count: 0, open: new Set([idOf(999_500)]) });
  assert.equal(old, { newest: [], open: [] }, 'it has ended');
  assert.is(taken, 3 + 51);
});

tell('the same as putting everything together from the beginning', async (t) => {
  const journal = openJournal(t.dir, WIDE);
  const line = fc.oneof(
    fc.nat(30).map((n) => fired(n, n % 3 ? 'web/BUTTON' : 'db/OTHER')),
    fc.nat(30).map((n) => ended(n)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 80, size: 'max' }), fc.nat(20), async (lines, count) => {
      const matches = ({ probe }: { readonly probe: string }): boolean => probe === 'web/BUTTON';
      // A command ends after it was fired, and once.
      const known = new Set<string>();
      const sound = lines.filter(({ t, id }) => {
        if (known.has(`${t} ${id}`) || (t === 'ended' && !known.has(`fired ${id}`))) return false;
        return known.add(`${t} ${id}`);
      });
      const entries = new Map<string, Entry>();
      for (const { t: _, ...fields } of sound)
        entries.set(fields.id, { ...entries.get(fields.id), ...fields } as Entry);
      const all = [...entries.values()].filter(matches);
      const { newest } = await findNewest(blocks(...sound.toReversed()), { ...ALL, matches, count });
      assert.equal(newest, count === 0 ? [] : all.slice(-count));
    }),
    { numRuns: 1000 },
  );
  journal.close();
});

tell('a follower’s entries: each line once, and nothing kept of what has ended', async () => {
  const { t: _, ...first } = fired(1);
  const merger = createMerger([first]);
  assert.is(merger.step(fired(1)), undefined, 'that has been told');
  assert.is(merger.step(ended(1))?.exitCode, 0);
  assert.is(merger.step(ended(1)), undefined);
  assert.is(merger.step(ended(7)), undefined, 'never heard of');
  assert.is(merger.step(fired(2))?.id, idOf(2));
  assert.is(merger.step(ended(2))?.title, 'BUTTON');
});

tell('of 100,000 triggers the newest ten are there at once', async (t) => {
  const journal = openJournal(t.dir, WIDE);
  for (let n = 0; n < 100_000; n += 1000)
    journal.append(Array.from({ length: 1000 }, (_, i) => [fired(n + i), ended(n + i)]).flat());
  const took: number[] = [];
  for (let i = 0; i < 5; i++) {
    const before = process.cpuUsage();
    const { newest } = await findNewest(journal.readBack(), { ...ALL, count: 10 });
    took.push(process.cpuUsage(before).user / 1000);
    assert.is(newest.at(-1)?.id, idOf(99_999));
  }
  journal.close();
  // Reading all of it takes a second of the processor; the best of five is not the machine's mood.
  assert.ok(Math.min(...took) < 100, `${Math.min(...took)} ms`);
});

suite.run();

function observed(command: { run: string; firedAt: number; startedAt?: number }): Observed {
  const commands = new Map([[command.run, command]]);
  const probe = { id: 'web/BUTTON', commands, runs: 1, since: 0 };
  return {
    ...NOTHING_OBSERVED,
    jails: new Map([['web', { name: 'web', probes: new Map([[probe.id, probe]]) }]]),
  };
}
