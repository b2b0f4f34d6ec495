/**
 * Laws of `learn` and `plan` over random histories: edits of the file, jails that come and go, HUPs, killed probes,
 * failed entries, commands that end, lost keepers and daemons, messages that take their time, in any order.
 */
import { suite } from 'uvu';
import { after, ALONE, DEEDS, DEEDS_AND_JUMPS, deedsOf } from './deeds.ts';
import { createLaw, none } from './law.ts';
import type { World } from './world.ts';

const laws = suite('laws of learn and plan');
const law = createLaw(laws);

law('whatever happens, no promise is broken on the way', DEEDS, (history) => {
  const world = after(history);
  world.calm(true);
  none(world.faults, 'broken');
});

law('nor to one probe to which everything happens', deedsOf(ALONE), (history) => {
  const world = after(history);
  world.calm(true);
  none(world.faults, 'broken');
  none(world.differences(), 'in the end');
});

law('the steps carried out lead to what is wanted', DEEDS_AND_JUMPS, (history) => {
  const world = after(history);
  world.calm(true);
  none(world.differences(), 'in the end');
});

law('a second plan is empty', DEEDS_AND_JUMPS, (history) => {
  const world = after(history);
  world.calm(true);
  none(stepsLeft(world), 'still to do');
});

law('looking only at what was touched leads to the same world as looking at everything', DEEDS, (history) => {
  const world = after(history);
  world.calm(false);
  none(stepsLeft(world), 'still to do');
  none(world.differences(), 'in the end');
});

laws.run();

function stepsLeft(world: World): string[] {
  const planned = world.daemon?.whole(world.now).steps ?? [];
  return planned.map((step) => {
    if (step.do === 'look') return 'look';
    return `${step.do} ${'id' in step ? step.id : step.want.id}`;
  });
}
