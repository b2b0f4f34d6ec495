/** When everything is gone, nothing of it is kept. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { after, DEEDS } from './deeds.ts';
import { createLaw, none } from './law.ts';

const laws = suite('memory');
const law = createLaw(laws);

law('nothing is left of what nobody wants any more', DEEDS, (history) => {
  const world = after(history);
  world.abandon();
  world.calm(true);
  const { daemon, keeper } = world;
  assert.ok(daemon);
  none([...daemon.observed.jails.keys()], 'jails');
  none([...daemon.observed.adhoc.keys()], 'ad hoc probes');
  none([...keeper.records.keys()], 'records of the keeper');
  none(world.disk.spent, 'what is spent');
  assert.is(daemon.next, Infinity, 'nothing is on the agenda');
});

laws.run();
