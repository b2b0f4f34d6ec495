/** What a starting daemon learns from the history: runs and last trigger of each probe, each trigger counted once. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { recall } from '../../src/daemon/recall.ts';
import type { Event } from '../../src/event.ts';
import { recallTriggers } from '../../src/history/history.ts';
import { openJournal } from '../../src/history/journal.ts';
import { learn } from '../../src/plan/learn.ts';
import { NOTHING_OBSERVED } from '../../src/plan/observed.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { blocks, ended, fired, idOf, WIDE } from './lines.ts';

const suite = createSuite('recall');
const tell = (name: string, how: (t: Teller) => Promise<void>): void =>
  story(suite, `recall: ${name}`, {}, how);

tell('runs and last trigger come from what the history still has', async () => {
  const { probes } = await recallTriggers(
    blocks(ended(9), fired(1), ended(1), fired(2), fired(3, 'web/OTHER'), ended(3), ended(2)),
  );
  assert.is(probes.get('web/BUTTON')?.runs, 2);
  assert.is(probes.get('web/BUTTON')?.last.run, idOf(2));
  assert.is(probes.get('web/BUTTON')?.last.ending?.exitCode, 0);
  assert.is(probes.get('web/OTHER')?.runs, 1);
});

tell('what was written twice counts once', async () => {
  const { probes } = await recallTriggers(
    blocks(fired(1), ended(1), fired(2), ended(2), fired(1), ended(1), fired(2), ended(2)),
  );
  assert.is(probes.get('web/BUTTON')?.runs, 2);
  assert.is(probes.get('web/BUTTON')?.last.run, idOf(2));
});

tell(
  'whatever was on disk when a daemon died and is told again, the next one counts each once',
  async (t) => {
    const told = (n: number): Event => {
      const { id: run, firedAt } = fired(n);
      const epoch = run.slice(0, 8);
      const at = Date.parse(firedAt);
      return {
        type: 'fired',
        epoch,
        seq: n,
        at,
        id: 'web/BUTTON',
        instance: 'i',
        run,
        by: 'jail',
        once: false,
      };
    };
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 12 }),
        async (written, unacknowledged, position) => {
          const journal = openJournal(mkdtempSync(join(t.dir, 'run-')), WIDE);
          journal.append(Array.from({ length: written }, (_, n) => fired(n + 1)));
          const from = Math.max(1, written - unacknowledged + 1);
          const again = Array.from({ length: unacknowledged + 3 }, (_, n) => from + n);
          const events: Event[] = [];
          const recalled = recall({ journal, post: (event) => events.push(event), say: () => {} });
          // Some of it is told before all has been read, and some after.
          const early = again.slice(0, position);
          for (const n of early) events.push(told(n));
          await recalled;
          for (const n of again.slice(position)) events.push(told(n));
          const probe = learn(NOTHING_OBSERVED, events).observed.jails.get('web')?.probes.get('web/BUTTON');
          const newest = Math.max(written, again.at(-1) ?? 0);
          assert.is(probe?.runs, newest);
          assert.is(probe?.last?.run, idOf(newest));
          journal.close();
        },
      ),
      { numRuns: 200 },
    );
  },
);

tell('damage is noted once, however much there is of it', async (t) => {
  const journal = openJournal(t.dir, WIDE);
  const notes: string[] = [];
  const damaged = { ...fired(2), by: 'nobody' } as unknown as ReturnType<typeof fired>;
  journal.append([fired(1), damaged, damaged, damaged, fired(3)]);
  const events: Event[] = [];
  await recall({
    journal,
    post: (event) => events.push(event),
    say: (level, what, why) => notes.push(`${level}: ${what}: ${why}`),
  });
  await until(() => notes.length > 0, 'it is noted');
  assert.is(notes.length, 1);
  assert.match(notes[0] ?? '', /^warn: 3 damaged lines of the history: skipped: such as "\{\\"t\\":\\"fired/);
  assert.is(events.length, 1);
  journal.close();
});

suite.run();
