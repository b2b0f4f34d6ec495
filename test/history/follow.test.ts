/** `history --follow`: what comes, over rotations, and never more than a bounded backlog for one who does not read. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Reply } from '../../src/control/server.ts';
import { createFeed, type Feed } from '../../src/daemon/feed.ts';
import type { Loop } from '../../src/daemon/loop.ts';
import { openBacklog } from '../../src/daemon/requests/backlog.ts';
import { historyHandler } from '../../src/daemon/requests/history.ts';
import type { Entry, Line } from '../../src/history/entry.ts';
import { openJournal, type Journal } from '../../src/history/journal.ts';
import type { Bounds } from '../../src/history/shorten.ts';
import { NOTHING_OBSERVED } from '../../src/plan/observed.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { ended, fired, idOf, WIDE } from './lines.ts';

const suite = createSuite('follow');
const tell = (name: string, how: (t: Teller) => Promise<void>): void =>
  story(suite, `follow: ${name}`, {}, how);

tell('all that was there and all that comes, over many rotations, each once', async (t) => {
  const { happen, follow } = scene(t, { triggers: 20, bytes: 1 << 30 });
  happen(fired(1), ended(1), fired(2));
  const { rows, leave } = follow();
  happen(ended(2));
  for (let n = 3; n <= 300; n++) {
    happen(fired(n));
    happen(ended(n));
    if (n % 50 === 0) await new Promise(setImmediate);
  }
  await until(() => rows.some(({ id, endedAt }) => id === idOf(300) && endedAt), 'the last one is told');
  leave();
  const ends = rows.filter(({ endedAt }) => endedAt !== undefined).map(({ id }) => id);
  assert.equal(
    ends,
    Array.from({ length: 300 }, (_, n) => idOf(n + 1)),
  );
  const came = rows.filter(({ id, endedAt }) => endedAt === undefined && id !== idOf(2));
  assert.is(came.length, 298);
  assert.ok(
    came.every(({ fate }) => fate === 'running'),
    'though it has ended meanwhile: its end is told next',
  );
});

tell('nothing is told twice to one who comes while much is written', async (t) => {
  const { happen, follow } = scene(t, WIDE);
  happen(...Array.from({ length: 50 }, (_, n) => [fired(n), ended(n)]).flat(), fired(50));
  const { rows, leave } = follow();
  for (let n = 51; n < 200; n++) happen(fired(n), ended(n));
  happen(ended(50));
  await until(() => rows.some(({ id, endedAt }) => id === idOf(50) && endedAt), 'the last one is told');
  leave();
  const words = rows.map(({ id, endedAt }) => `${id} ${endedAt === undefined ? 'fired' : 'ended'}`);
  assert.is(new Set(words).size, words.length);
});

tell('who does not read is cut off at 1 MiB, with a line that says so, and listens no more', async (t) => {
  const { happen, follow, listeners } = scene(t, WIDE);
  const { done, stall, rows } = follow();
  happen(fired(1), ended(1));
  await until(() => rows.length > 0, 'it follows');
  stall();
  let bytes = 0;
  let n = 2;
  for (; bytes < 1.5 * (1 << 20) && listeners() > 0; n++) {
    happen(fired(n));
    bytes += JSON.stringify(fired(n)).length;
    if (n % 100 === 0) await new Promise(setImmediate);
  }
  const error = await done.then(
    () => undefined,
    (reason: Error) => reason,
  );
  assert.match(error?.message ?? '', /you are 1 MiB behind/);
  assert.is(listeners(), 0, 'nothing is kept for it any more');
  assert.ok(bytes > 0.9 * (1 << 20), `${bytes}`);
});

tell('who follows for long costs no more than at the beginning', async () => {
  const feed = createFeed();
  const backlog = openBacklog(feed, 1 << 20);
  const { signal } = new AbortController();
  const followed = async (lines: number): Promise<number> => {
    for (let n = 0; n < lines; n++) {
      const taken = backlog.take(signal);
      feed.publish([fired(n)]);
      await taken;
      await backlog.meanwhile(Promise.resolve());
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await followed(1_000);
  const after = await followed(50_000);
  assert.ok(after - before < 1 << 20, `${after - before} bytes more`);
  backlog.close();
});

suite.run();

/** Frees all that nobody holds. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

function scene(t: Teller, bounds: Bounds) {
  const journal: Journal = openJournal(t.dir, bounds);
  t.defer('close the journal', () => journal.close());
  const inner = createFeed();
  let count = 0;
  const feed: Feed = {
    publish: inner.publish,
    subscribe(follower) {
      count++;
      const end = inner.subscribe(follower);
      let ended = false;
      return () => {
        if (!ended) count--;
        ended = true;
        end();
      };
    },
  };
  const handler = historyHandler({ loop: { observed: NOTHING_OBSERVED } as Loop, journal, feed });
  return {
    listeners: () => count,
    /** As the loop does it: on disk first. */
    happen(...lines: Line[]) {
      journal.append(lines);
      feed.publish(lines);
    },
    follow() {
      const rows: Entry[] = [];
      const gone = new AbortController();
      let room: Promise<void> = Promise.resolve();
      const reply: Reply = {
        row: async (entries) => {
          rows.push(...(entries as Entry[]));
          await room;
        },
        gone: gone.signal,
      };
      return {
        rows,
        done: handler({ verb: 'history', follow: true, count: 1000 }, reply),
        leave: () => gone.abort(),
        stall: () => void (room = new Promise(() => {})),
      };
    },
  };
}
