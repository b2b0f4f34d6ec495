/** What is told again counts once: each event, and all that a keeper tells a daemon that comes back. */
import { isDeepStrictEqual } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { learn } from '../../src/plan/learn.ts';
import type { Observed } from '../../src/plan/observed.ts';
import { after, begin, DEEDS, type Deed } from './deeds.ts';
import { createLaw, none } from './law.ts';

const laws = suite('told twice');
const law = createLaw(laws);

law('an event told twice changes nothing the second time', DEEDS, (history) => {
  const different: unknown[] = [];
  const watch = (before: Observed, events: Parameters<typeof learn>[1]): void => {
    let observed = before;
    for (const event of events) {
      observed = learn(observed, [event]).observed;
      // What the history knows, and the answer to an order, are told once.
      if (event.type === 'recalled' || event.type === 'order-refused') continue;
      const again = learn(observed, [event]).observed;
      if (!isDeepStrictEqual(again, observed)) different.push(event);
    }
  };
  after(history, watch).calm(true);
  none(different, 'it made a difference');
});

law('a daemon that is killed again and again counts every trigger once', DEEDS, (history) => {
  const often: readonly Deed[] = history.flatMap((deed, n): Deed[] =>
    n % 5 === 4
      ? [
          deed,
          ['kill the daemon', (w) => w.killDaemon(n % 2 === 0 ? 'writing' : 'waiting')],
          ['start it', (w) => w.startDaemon()],
        ]
      : [deed],
  );
  const world = after(often);
  world.calm(true);
  for (const jail of world.daemon?.observed.jails.values() ?? [])
    for (const probe of jail.probes.values())
      assert.is(probe.runs, world.known.get(probe.id) ?? 0, `${probe.id} has run`);
});

laws('a keeper tells all of it again to the same daemon', () => {
  const world = begin();
  for (let n = 0; n < 3; n++) {
    world.signal('web/B', 'HUP');
    world.reap();
    world.finish();
    world.enter('ready');
  }
  const again = [...world.keeper.queue];
  world.settle();
  assert.is(world.daemon?.observed.jails.get('web')?.probes.get('web/B')?.runs, 3);
  for (const event of again) world.daemon?.hear(event);
  world.settle();
  assert.is(world.daemon?.observed.jails.get('web')?.probes.get('web/B')?.runs, 3);
});

laws.run();
