/** Single cases of the plan, each worth a name. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { probeStatuses, type ProbeStatus } from '../../src/history/status.ts';
import { World } from './world.ts';

const cases = suite('cases of the plan');

function one(changes: Parameters<World['declare']>[2] = {}): World {
  const world = new World();
  world.declare('web', 'A', changes);
  world.startJail('web');
  world.reload();
  world.settle();
  world.settle();
  assert.is(state(world), 'armed');
  return world;
}

function state(world: World): string | undefined {
  return world.keeper.records.get('web/A')?.state;
}

function changes(world: World): { action: string; why: string | undefined }[] {
  return world.daemon?.whole(world.now).changes.map(({ action, why }) => ({ action, why })) ?? [];
}

function shown(world: World): Pick<ProbeStatus, 'state' | 'pid'> | undefined {
  const { daemon } = world;
  const [row] = daemon ? probeStatuses(daemon.desired, daemon.observed, world.now, world.now) : [];
  return row && { state: row.state, ...(row.pid !== undefined && { pid: row.pid }) };
}

cases('what is armed in the life before is not shown as armed in this one', () => {
  const world = one();
  assert.is(shown(world)?.state, 'armed');
  world.stopJail('web');
  world.startJail('web');
  world.look();
  world.daemon?.turn(world.now);
  assert.equal(shown(world), { state: 'waiting' });
  world.settle();
  world.settle();
  assert.is(shown(world)?.state, 'armed');
});

cases('a jail whose first process has ended does not run, before anybody has looked again', () => {
  const world = one();
  world.stopJail('web');
  world.noticeGone();
  world.deliverNews();
  assert.equal(
    world.daemon?.turn(world.now).changes.map(({ action, why }) => ({ action, why })),
    [{ action: 'disarm', why: 'its first process has ended' }],
  );
});

cases('a command whose keeper has died keeps its probe away, unless it may overlap', () => {
  for (const respawn of ['after', 'immediately'] as const) {
    const world = one({ respawn });
    world.signal('web/A', 'HUP');
    world.settle();
    world.killKeeper();
    world.settle();
    world.settle();
    assert.is(state(world), respawn === 'after' ? undefined : 'armed', respawn);
    world.finishOrphans();
    world.settle();
    world.settle();
    assert.is(state(world), 'armed');
  }
});

cases('a probe that may not overlap from now on stays away until what overlaps has ended', () => {
  const world = one({ respawn: 'immediately' });
  world.signal('web/A', 'HUP');
  world.settle();
  world.settle();
  assert.is(state(world), 'armed');
  world.declare('web', 'A', { respawn: 'after' });
  world.reload();
  world.settle();
  world.settle();
  assert.not.ok(['armed', 'entering'].includes(state(world) ?? ''));
  assert.is(changes(world)[0]?.action, 'wait');
  world.finish();
  world.settle();
  world.settle();
  assert.is(state(world), 'armed');
});

cases('while the new process enters another life of the jail, it is not ordered again and again', () => {
  const world = one();
  world.stopJail('web');
  world.startJail('web');
  world.look();
  assert.is(world.daemon?.turn(world.now).steps.length, 1);
  for (let n = 0; n < 5; n++) {
    world.reload();
    assert.equal(world.daemon?.turn(world.now).steps, []);
  }
});

/** It was triggered and is armed again, and the daemon has heard of none of it. */
function unheard(): World {
  const world = one({ respawn: 'after' });
  world.signal('web/A', 'HUP');
  world.reap();
  world.finish();
  world.enter('ready');
  assert.is(state(world), 'armed');
  return world;
}

cases('what was told before an update was taken does not say which definition holds', () => {
  const world = unheard();
  world.declare('web', 'A', { respawn: 'after', timeout: 5 });
  world.reload();
  world.turn();
  world.deliverNews();
  world.declare('web', 'A', { respawn: 'after' });
  world.reload();
  world.settle();
  world.settle();
  assert.equal(world.differences(), []);
});

cases('what was told before a probe was disarmed does not say that it is there', () => {
  const world = unheard();
  world.undeclare('web', 'A');
  world.reload();
  world.turn();
  world.deliverNews();
  world.declare('web', 'A', { respawn: 'after' });
  world.reload();
  world.settle();
  world.settle();
  assert.equal(world.differences(), []);
});

cases('what was told of an earlier life of the jail has nothing ordered twice', () => {
  const world = unheard();
  world.stopJail('web');
  world.look();
  world.turn();
  world.startJail('web');
  world.look();
  assert.is(world.daemon?.turn(world.now).steps.length, 1);
  world.deliverNews();
  assert.equal(world.daemon?.turn(world.now).steps, []);
});

cases('a refused order: what the keeper had, it has, and can be taken away', () => {
  const world = one();
  world.declare('web', 'A', { uid: 80 });
  world.refuseNext = true;
  world.reload();
  world.settle();
  world.settle();
  assert.is(state(world), 'armed', 'the older process serves');
  assert.match(changes(world)[0]?.why ?? '', /no memory/);
  world.undeclare('web', 'A');
  world.reload();
  world.settle();
  world.settle();
  assert.is(state(world), undefined);
});

cases('of jails in one PID namespace, the next takes a title over as soon as the first has none', () => {
  const world = one();
  world.declare('twin', 'A');
  world.reload();
  world.settle();
  assert.is(world.keeper.records.get('twin/A'), undefined, 'the title is taken');
  // What is looked at is the first jail alone, and what is planned is what hangs on it.
  world.hear({ type: 'sighted', at: world.now, sightings: [{ name: 'web', absent: 'its pidfile is gone' }] });
  world.settle();
  world.settle();
  assert.is(world.keeper.records.get('twin/A')?.state, 'armed');
});

cases(
  'two ask for a probe with one title in the same moment, or one asks while the file declares it: one is armed',
  () => {
    const world = one();
    const holders = (title: string): string[] =>
      [...world.bodies()]
        .filter(({ definition }) => definition.title === title)
        .map(({ record }) => record.id);
    world.attach('web', 'MINE', 'after');
    world.attach('web', 'MINE', 'after');
    world.settle();
    world.settle();
    assert.equal(holders('MINE'), ['adhoc/1']);

    world.declare('web', 'NEW');
    world.reload();
    world.attach('web', 'NEW', 'after');
    world.settle();
    world.settle();
    assert.equal(holders('NEW'), ['web/NEW']);
  },
);

cases.run();
