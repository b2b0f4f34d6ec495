import fc from 'fast-check';
import type { ProbeConfig } from '../../src/config/config.ts';
import type { Watch } from './daemon.ts';
import { JAILS, World, type JailName } from './world.ts';

/** Something that happens, with the words for it. */
export type Deed = readonly [what: string, happen: (world: World) => void];

function plain(what: string, happen: (world: World) => void): fc.Arbitrary<Deed> {
  return fc.constant<Deed>([what, happen]);
}

/** What histories are about. */
export interface Cast {
  readonly jails: readonly JailName[];
  readonly keys: readonly string[];
  readonly titles: readonly string[];
  readonly respawn: readonly ProbeConfig['respawn'][];
}

const EVERYBODY: Cast = {
  jails: JAILS,
  keys: ['A', 'B', 'C'],
  titles: ['A', 'B', 'X'],
  respawn: ['never', 'after', 'immediately'],
};

/** One probe to which everything happens. */
export const ALONE: Cast = { ...EVERYBODY, jails: ['web'], keys: ['A'], titles: ['A', 'X'] };

/** Everything but a clock that jumps. */
export function deedsOf(cast: Cast): fc.Arbitrary<Deed> {
  const jail = fc.constantFrom(...cast.jails);
  const key = fc.constantFrom(...cast.keys);
  const id = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(jail, key).map(([j, k]) => `${j}/${k}`) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map((n) => `adhoc/${n}`) },
  );
  const respawn = fc.constantFrom(...cast.respawn);
  const wish: fc.Arbitrary<Partial<ProbeConfig>> = fc.record({
    respawn,
    uid: fc.constantFrom(0, 80),
    timeout: fc.constantFrom(0, 1000),
    cooldown: fc.constantFrom(0, 0, 30_000),
    concurrency: fc.constantFrom(1, 2, 10),
  });

  const edits = fc.oneof(
    fc
      .tuple(jail, key, wish, fc.option(fc.constantFrom(...cast.titles), { nil: undefined, freq: 6 }))
      .map(([j, k, w, title]): Deed => {
        const changes = title === undefined ? w : { ...w, title };
        return [`declare ${j}/${k} ${JSON.stringify(changes)}`, (world) => world.declare(j, k, changes)];
      }),
    fc.tuple(jail, key).map(([j, k]): Deed => [`undeclare ${j}/${k}`, (world) => world.undeclare(j, k)]),
  );

  const jails = fc.oneof(
    jail.map((j): Deed => [`start ${j}`, (world) => world.startJail(j)]),
    jail.map((j): Deed => [`stop ${j}`, (world) => world.stopJail(j)]),
    jail.map((j): Deed => [
      `restart ${j}`,
      (world) => {
        world.stopJail(j);
        world.startJail(j);
      },
    ]),
    jail.map((j): Deed => [`look at ${j}`, (world) => world.look(j)]),
  );

  const processes = fc.oneof(
    { weight: 3, arbitrary: id.map((i): Deed => [`HUP ${i}`, (world) => world.signal(i, 'HUP')]) },
    { weight: 1, arbitrary: id.map((i): Deed => [`KILL ${i}`, (world) => world.signal(i, 'KILL')]) },
    { weight: 2, arbitrary: id.map((i): Deed => [`end of ${i}`, (world) => world.finish(i)]) },
    { weight: 1, arbitrary: plain('entries fail', (world) => world.enter('fail')) },
    { weight: 2, arbitrary: plain('entries succeed', (world) => world.enter('ready')) },
    { weight: 2, arbitrary: plain('reap', (world) => world.reap()) },
    { weight: 1, arbitrary: plain('orphans end', (world) => world.finishOrphans()) },
  );

  const messages = fc.oneof(
    fc
      .integer({ min: 1, max: 4 })
      .map((n): Deed => [`${n} orders arrive`, (world) => world.deliverOrders(n)]),
    plain('news arrive', (world) => world.deliverNews()),
    plain('turn', (world) => world.turn()),
    plain('gone is noticed', (world) => world.noticeGone()),
    plain('list', (world) => world.list()),
    plain('look at orphans', (world) => world.lookAtOrphans()),
  );

  const adhoc = fc.oneof(
    fc
      .tuple(jail, fc.constantFrom(...cast.titles), respawn)
      .map(([j, t, r]): Deed => [`-c in ${j}: ${t} ${r}`, (world) => world.attach(j, t, r)]),
    fc.integer({ min: 1, max: 4 }).map((n): Deed => [`remove adhoc/${n}`, (world) => world.detach(n)]),
  );

  const deaths = fc.oneof(
    plain('kill the keeper', (world) => world.killKeeper()),
    plain('replace the keeper', (world) => world.replaceKeeper()),
    plain('kill an older keeper', (world) => world.killOlder()),
    plain('kill the daemon', (world) => world.killDaemon()),
    plain('kill the daemon as it writes', (world) => world.killDaemon('writing')),
    plain('start the daemon', (world) => world.startDaemon()),
    plain('the next arm is refused', (world) => void (world.refuseNext = true)),
  );

  const waits = fc
    .oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1000, max: 100_000 }))
    .map((ms): Deed => [`wait ${ms}`, (world) => world.wait(ms)]);

  const reload = plain('reload', (world) => world.reload());
  const settle = plain('settle', (world) => world.settle());

  return fc.oneof(
    { weight: 6, arbitrary: edits },
    { weight: 5, arbitrary: reload },
    { weight: 5, arbitrary: jails },
    { weight: 10, arbitrary: processes },
    { weight: 8, arbitrary: messages },
    { weight: 2, arbitrary: adhoc },
    { weight: 4, arbitrary: deaths },
    { weight: 4, arbitrary: waits },
    { weight: 12, arbitrary: settle },
  );
}

const jumps = fc
  .constantFrom(-86_400_000, -5_000, 5_000, 86_400_000)
  .map((ms): Deed => [`the clock jumps by ${ms}`, (world) => world.jump(ms)]);

export const DEEDS = deedsOf(EVERYBODY);

export const DEEDS_AND_JUMPS = fc.oneof({ weight: 15, arbitrary: DEEDS }, { weight: 1, arbitrary: jumps });

/** Random histories, each carried out from a world in which two jails run and have what they want. */
export function histories(deeds: fc.Arbitrary<Deed> = DEEDS): fc.Arbitrary<Deed[]> {
  return fc.array(deeds, { minLength: 1, maxLength: 60, size: 'max' });
}

export function begin(watch?: Watch): World {
  const world = new World(watch);
  world.declare('web', 'A', { respawn: 'never' });
  world.declare('web', 'B', { respawn: 'after' });
  world.declare('db', 'A', { respawn: 'immediately' });
  world.declare('twin', 'C', { respawn: 'after' });
  world.startJail('web');
  world.startJail('db');
  world.reload();
  world.settle();
  world.settle();
  return world;
}

/** Carries out a history. */
export function after(deeds: readonly Deed[], watch?: Watch): World {
  const world = begin(watch);
  for (const [, happen] of deeds) happen(world);
  return world;
}
