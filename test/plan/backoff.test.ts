/** What fails is tried again, and never more often than its back-off; whatever the clock does. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { World } from './world.ts';

const DAY = 86_400_000;
const cases = suite('back-off');

/** A probe that cannot get in, or that is killed as soon as it has. */
function failing(how: 'fail' | 'KILL'): { world: World; tryOnce: () => boolean; fails: () => void } {
  const world = new World();
  world.list();
  world.declare('web', 'A');
  world.startJail('web');
  world.reload();
  const tries = (): boolean => [...world.bodies()].some((body) => !body.ready && body.death === undefined);
  const fails = (): void => {
    if (how === 'fail') world.enter('fail');
    else {
      world.enter('ready');
      world.signal('web/A', 'KILL');
      world.reap();
    }
    world.deliverNews();
    world.turn();
  };
  const tryOnce = (): boolean => {
    world.turn();
    world.deliverOrders();
    return tries();
  };
  return { world, tryOnce, fails };
}

for (const how of ['fail', 'KILL'] as const) {
  cases(`${how}: 250 ms, and twice as long each time, at most a minute`, () => {
    const { world, tryOnce, fails } = failing(how);
    const waits: number[] = [];
    assert.ok(tryOnce());
    for (let n = 0; n < 11; n++) {
      fails();
      let waited = 0;
      while (!tryOnce()) {
        world.wait(10);
        waited += 10;
      }
      waits.push(waited);
    }
    assert.equal(waits, [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  cases(
    `${how}: another definition is tried at once unless it was killed, and what was well for a while begins anew`,
    () => {
      const { world, tryOnce, fails } = failing(how);
      assert.ok(tryOnce());
      for (let n = 0; n < 5; n++) {
        fails();
        world.wait(60_000);
        assert.ok(tryOnce());
      }
      fails();
      assert.not.ok(tryOnce());
      world.declare('web', 'A', { uid: 80 });
      world.reload();
      if (how === 'KILL') {
        assert.not.ok(tryOnce(), 'whoever kills it has not gone away');
        world.wait(60_000);
      }
      assert.ok(tryOnce(), 'somebody has mended it');
      world.settle();
      world.wait(90_000);
      world.signal('web/A', 'KILL');
      world.reap();
      world.deliverNews();
      assert.not.ok(tryOnce());
      world.wait(250);
      assert.ok(tryOnce(), 'after the first wait again');
    },
  );

  cases(`${how}: a clock set back by a day makes it try once, and then wait as ever`, () => {
    const { world, tryOnce, fails } = failing(how);
    assert.ok(tryOnce());
    fails();
    assert.not.ok(tryOnce());
    world.jump(-DAY);
    world.fullPlan();
    world.deliverOrders();
    assert.ok(tryOnce(), 'it does not wait for a day');
    let tries = 0;
    for (let waited = 0; waited < 60_000; waited += 10) {
      if (tryOnce()) {
        tries++;
        fails();
      }
      world.wait(10);
    }
    assert.ok(tries <= 9, `${tries} tries in a minute`);
  });

  cases(`${how}: a clock set forward by a day makes it try once, and then wait as ever`, () => {
    const { world, tryOnce, fails } = failing(how);
    assert.ok(tryOnce());
    fails();
    world.jump(DAY);
    let tries = 0;
    for (let waited = 0; waited < 60_000; waited += 10) {
      if (tryOnce()) {
        tries++;
        fails();
      }
      world.wait(10);
    }
    assert.ok(tries >= 5 && tries <= 9, `${tries} tries in a minute`);
  });
}

cases(
  'a replacement that fails: the older process serves, over a clock set back by a day, and it is tried again',
  () => {
    const { world } = failing('fail');
    world.settle();
    world.settle();
    world.declare('web', 'A', { uid: 80 });
    world.reload();
    world.turn();
    world.deliverOrders();
    world.enter('fail');
    world.deliverNews();
    world.turn();
    assert.is(world.keeper.records.get('web/A')?.state, 'armed');
    assert.is(world.daemon?.whole(world.now).changes[0]?.action, 'wait');
    world.jump(-DAY);
    world.fullPlan();
    world.settle();
    assert.is(world.keeper.records.get('web/A')?.armed?.definition.uid, 80);
  },
);

cases('a cooldown is the keeper’s, on a clock that never jumps: it is over when it is over', () => {
  for (const jump of [-DAY, DAY]) {
    const world = new World();
    world.declare('web', 'A', { respawn: 'after', cooldown: 30_000 });
    world.startJail('web');
    world.reload();
    world.settle();
    world.settle();
    world.signal('web/A', 'HUP');
    world.settle();
    world.finish();
    world.settle();
    const state = (): string | undefined => world.keeper.records.get('web/A')?.state;
    assert.is(state(), 'cooling');
    world.jump(jump);
    for (let n = 0; n < 4; n++) world.fullPlan();
    world.settle();
    world.wait(29_000);
    world.settle();
    assert.is(state(), 'cooling');
    world.wait(1_000);
    world.settle();
    world.settle();
    assert.is(state(), 'armed');
  }
});

cases('an arming that is refused in a new life of the jail is not ordered again at once', () => {
  const world = new World();
  world.declare('web', 'A', {});
  world.startJail('web');
  world.reload();
  world.settle();
  world.settle();
  world.stopJail('web');
  world.startJail('web');
  world.reload();
  world.turn();
  world.refuseNext = true;
  for (let n = 0; n < 3; n++) {
    world.deliverOrders();
    world.turn();
  }
  assert.equal(world.faults, []);
});

cases.run();
