import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProbeConfig } from '../../src/config/config.ts';
import { probe, World } from './world.ts';

/**
 * Laws of `learn` and `plan` over random histories: edits of the file, jails that come and go, HUPs, killed probes,
 * commands that end, lost keepers, in any order.
 */
const laws = suite('laws of learn and plan');

const JAILS = ['web', 'db'];
const KEYS = ['A', 'B', 'C'];

type Deed = (world: World) => void;

const jail = fc.constantFrom(...JAILS);
const key = fc.constantFrom(...KEYS);
const id = fc.tuple(jail, key).map(([j, k]) => `${j}/${k}`);
const wish: fc.Arbitrary<Partial<ProbeConfig>> = fc.record({
  respawn: fc.constantFrom('never', 'after', 'immediately'),
  uid: fc.constantFrom(0, 80),
  timeout: fc.constantFrom(0, 1000),
});

const deed: fc.Arbitrary<[string, Deed]> = fc.oneof(
  fc
    .tuple(jail, key, wish)
    .map(([j, k, w]): [string, Deed] => [
      `declare ${j}/${k} ${JSON.stringify(w)}`,
      (world) => void edit(world, j, (probes) => probes.set(k, probe(k, w))),
    ]),
  fc
    .tuple(jail, key)
    .map(([j, k]): [string, Deed] => [
      `undeclare ${j}/${k}`,
      (world) => void edit(world, j, (probes) => probes.delete(k)),
    ]),
  jail.map((j): [string, Deed] => [`start ${j}`, (world) => world.startJail(j)]),
  jail.map((j): [string, Deed] => [`stop ${j}`, (world) => world.stopJail(j)]),
  id.map((i): [string, Deed] => [`HUP ${i}`, (world) => world.hup(i)]),
  id.map((i): [string, Deed] => [`KILL ${i}`, (world) => world.kill(i)]),
  id.map((i): [string, Deed] => [`end of ${i}`, (world) => world.finish(i)]),
  fc.constant<[string, Deed]>(['look', (world) => world.look()]),
  fc.constant<[string, Deed]>(['turn', (world) => void world.turn()]),
  fc.constant<[string, Deed]>(['list', (world) => world.list()]),
  fc.constant<[string, Deed]>(['lose the keeper', (world) => world.loseKeeper()]),
  fc
    .integer({ min: 1, max: 100_000 })
    .map((ms): [string, Deed] => [`wait ${ms}`, (world) => void (world.now += ms)]),
);

function edit(world: World, name: string, change: (probes: Map<string, ProbeConfig>) => void): void {
  const probes = new Map(world.wanted.get(name));
  change(probes);
  world.wanted.set(name, probes);
}

function after(deeds: readonly [string, Deed][]): World {
  const world = new World();
  world.connect();
  for (const [, carryOut] of deeds) carryOut(world);
  return world;
}

const histories = fc.array(deed, { minLength: 1, maxLength: 60, size: 'max' });

function law(name: string, check: (world: World) => void): void {
  laws(name, () => {
    fc.assert(
      fc.property(histories, (deeds) => check(after(deeds))),
      { numRuns: 1500 },
    );
  });
}

law('the steps carried out lead to what the file wants', (world) => {
  world.calm();
  for (const name of JAILS) {
    const runs = world.instances.has(name) && !world.stopped.has(name);
    for (const [k, wanted] of world.wanted.get(name) ?? []) {
      const record = world.records.get(`${name}/${k}`);
      const spent =
        world.observed.jails.get(name)?.probes.get(`${name}/${k}`)?.spentIn !== undefined &&
        wanted.respawn === 'never';
      if (!runs) assert.not.ok(record?.state === 'armed', `${name}/${k} is armed in a stopped jail`);
      else if (!spent) assert.is(record?.state, 'armed', `${name}/${k}`);
    }
  }
});

law('nothing is left that nobody wants', (world) => {
  world.calm();
  for (const [id, record] of world.records) {
    const [name = '', k = ''] = id.split('/');
    if (record.state === 'armed') assert.ok(world.wanted.get(name)?.has(k), `${id} is armed and not wanted`);
  }
});

law('a second plan is empty', (world) => {
  world.calm();
  assert.equal(world.turn().steps, []);
});

law('a plan asked for twice without carrying it out is the same plan', (world) => {
  assert.equal(world.plan().steps, world.plan().steps);
});

law('an event told twice counts once', (world) => {
  const runs = new Map<string, number>();
  for (const command of world.commands) {
    const id = command.slice(0, command.indexOf('@'));
    runs.set(id, (runs.get(id) ?? 0) + 1);
  }
  for (const jail of world.observed.jails.values()) {
    for (const one of jail.probes.values()) assert.is(one.runs, runs.get(one.id) ?? 0, one.id);
  }
});

laws('a jail whose first process has ended does not run, before anybody has looked again', () => {
  const world = new World();
  edit(world, 'web', (p) => p.set('A', probe('A')));
  world.startJail('web');
  world.connect();
  world.look();
  world.turn();
  world.stopJail('web');
  assert.equal(
    world.plan().changes.map(({ action, why }) => ({ action, why })),
    [{ action: 'disarm', why: 'its first process has ended' }],
  );
});

laws('a command whose keeper has died keeps its probe away, unless it may overlap', () => {
  for (const respawn of ['after', 'immediately'] as const) {
    const world = new World();
    edit(world, 'web', (p) => p.set('A', probe('A', { respawn })));
    world.startJail('web');
    world.connect();
    world.look();
    world.turn();
    world.hup('web/A');
    const orphan = {
      id: 'web/A',
      run: 'e-2',
      pid: 9,
      startedAt: world.now,
      bootTime: 1,
      by: 'jail' as const,
      told: true,
    };
    world.records.clear();
    world.tell({ type: 'keeper-lost', at: world.now, epoch: 'e', why: 'it was killed' });
    world.tell({ type: 'orphaned', at: world.now, commands: [orphan] });
    world.connect();
    world.turn();
    assert.is(world.records.get('web/A')?.state, respawn === 'after' ? undefined : 'armed', respawn);
    world.tell({ type: 'orphan-ended', at: world.now, id: 'web/A', run: 'e-2', told: false });
    world.turn();
    assert.is(world.records.get('web/A')?.state, 'armed');
  }
});

laws('a clock that is set back by a day keeps no probe waiting for a day', () => {
  const world = new World();
  edit(world, 'web', (p) => p.set('A', probe('A')));
  world.startJail('web');
  world.connect();
  world.look();
  world.turn();
  world.kill('web/A');
  assert.equal(world.turn().steps, [], 'there is a back-off');
  world.now -= 86_400_000;
  world.turn();
  assert.is(world.records.get('web/A')?.state, 'armed');
});

laws('spent stays spent over restarts of the keeper and edits that keep `never`', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom<Deed>(
          (w) => w.loseKeeper(),
          (w) => w.list(),
          (w) => w.look(),
          (w) => void w.turn(),
          (w) => void (w.now += 70_000),
          (w) => edit(w, 'web', (p) => p.set('A', probe('A', { timeout: w.now % 5 }))),
          (w) => edit(w, 'web', (p) => p.delete('A')),
          (w) => edit(w, 'web', (p) => p.set('A', probe('A'))),
        ),
        { maxLength: 40, size: 'max' },
      ),
      (deeds) => {
        const world = new World();
        edit(world, 'web', (p) => p.set('A', probe('A')));
        world.startJail('web');
        world.connect();
        world.look();
        world.turn();
        assert.is(world.records.get('web/A')?.state, 'armed');
        world.hup('web/A');
        world.finish('web/A');
        for (const carryOut of deeds) carryOut(world);
        world.calm();
        assert.equal(world.armedAfterSpent, []);
        world.stopJail('web');
        world.startJail('web');
        edit(world, 'web', (p) => p.set('A', probe('A')));
        world.calm();
        assert.is(world.records.get('web/A')?.state, 'armed', 'a new instance arms it again');
      },
    ),
    { numRuns: 1000 },
  );
});

laws.run();
