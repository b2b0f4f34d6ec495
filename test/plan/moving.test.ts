/** Probes that move from an older keeper to the current one, decided by the two pure functions alone. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProbeConfig } from '../../src/config/config.ts';
import { createDeclared } from '../../src/config/declared.ts';
import { anyUnderWay } from '../../src/daemon/settle.ts';
import type { Event } from '../../src/event.ts';
import type { Sighting } from '../../src/jails/jail.ts';
import type { ListedRecord } from '../../src/keeper/messages.ts';
import { createDesired } from '../../src/plan/desired.ts';
import { learn } from '../../src/plan/learn.ts';
import { NOTHING_OBSERVED, type Observed } from '../../src/plan/observed.ts';
import { plan, wholeScope } from '../../src/plan/plan.ts';
import { HOST } from './daemon.ts';
import { probe } from './world.ts';

const moving = suite('moving to the current keeper');

const INSTANCE = 'b:7:1';
const RUNS: Sighting = {
  name: 'web',
  jail: { name: 'web', kind: 'pid', instance: INSTANCE, entrance: { by: 'pid', pid: 7, start: '1' } },
};

const record = (key: string, changes: Partial<ListedRecord> = {}): ListedRecord => ({
  id: `web/${key}`,
  tag: 'older',
  instance: INSTANCE,
  state: 'armed',
  since: 1,
  once: false,
  pid: 100,
  title: key,
  runs: [],
  ...changes,
});

/** What the older keeper `o` has listed; the current one is `c`, and empty. */
function world(probes: readonly ProbeConfig[], sighting = RUNS) {
  const where = { file: '/etc/jaildaemon.yml', line: 1, column: 1 };
  const jail = {
    name: 'web',
    glob: false,
    whereabouts: { by: 'pid', pid: 7 } as const,
    probes,
    origin: where,
  };
  const declared = createDeclared({ jails: [jail] });
  let observed: Observed = NOTHING_OBSERVED;
  let now = 1_000_000;
  let seq = 0;
  const tell = (...events: Event[]): void => void (observed = learn(observed, events).observed);
  const found = { type: 'keeper-found', pid: 2, version: 2, startedAt: 1, at: now } as const;
  tell({ ...found, epoch: 'c' }, { ...found, epoch: 'o', leaving: true });
  tell({ type: 'sighted', at: now, sightings: [sighting] });
  return {
    get observed() {
      return observed;
    },
    tell,
    found: (epoch: string, leaving?: true) => tell({ ...found, epoch, ...(leaving && { leaving }) }),
    list: (epoch: string, ...records: ListedRecord[]) =>
      tell({ type: 'keeper-listed', at: now, epoch, records }),
    told: (epoch = 'o') => ({ epoch, seq: ++seq, at: now }),
    wait: (ms: number) => void (now += ms),
    /** Plans, and carries out what it comes to; an order to the current keeper is only given. */
    turn(): string[] {
      const desired = createDesired(declared, observed);
      const planned = plan(desired, observed, wholeScope(desired, observed), now, HOST, new WeakMap());
      return planned.steps.flatMap((step) => {
        if (step.do === 'look') return [];
        if (step.do === 'release') tell({ type: 'releasing', at: now, ...step });
        else if (step.do !== 'disarm') {
          const { tag, instance } = step.definition;
          tell({ type: 'ordered', at: now, order: step.do, want: step.want, jail: 'web', tag, instance });
        }
        return [`${step.do} ${'id' in step ? step.id : step.want.id}`];
      });
    },
  };
}

moving('nothing is done before every keeper has listed, and nothing while one is silent', () => {
  const w = world([probe('A')]);
  w.list('c');
  assert.equal(w.turn(), []);
  w.list('o');
  w.tell({ type: 'keeper-silent', at: 1, epoch: 's', stopped: true });
  assert.equal(w.turn(), []);
  w.tell({ type: 'keeper-lost', at: 1, epoch: 's', why: 'killed' });
  assert.equal(w.turn(), ['arm web/A']);
});

moving('it is armed when the older keeper has no process of it any more, and not before', () => {
  const w = world([probe('A')]);
  w.list('c');
  w.list('o', record('A'), record('GONE'));
  assert.equal(w.turn(), ['release web/A', 'release web/GONE']);
  assert.equal(w.turn(), []);
  w.tell({ type: 'removed', ...w.told('c'), id: 'web/A', instance: INSTANCE });
  assert.equal(w.turn(), [], 'it is the other keeper that must say so');
  w.tell({ type: 'removed', ...w.told(), id: 'web/A', instance: INSTANCE });
  assert.equal(w.turn(), ['arm web/A']);
  w.tell({ type: 'removed', ...w.told(), id: 'web/GONE', instance: INSTANCE });
  assert.equal(w.turn(), []);
});

moving('what an older keeper was asked on a connection that was lost is asked again', () => {
  const w = world([probe('A')]);
  w.list('c');
  w.list('o', record('A'));
  assert.equal(w.turn(), ['release web/A']);
  w.found('o', true);
  assert.equal(w.turn(), [], 'it may have heard it: its list says what is so');
  w.list('o', record('A'));
  assert.equal(w.turn(), ['release web/A']);
});

moving(
  'an older keeper that never heard that it was to leave is the current one, if there is no other',
  () => {
    const w = world([probe('A')]);
    w.list('c');
    w.list('o', record('A'));
    assert.equal(w.turn(), ['release web/A']);
    w.tell({ type: 'keeper-lost', at: 1, epoch: 'c', why: 'killed' });
    w.found('o');
    assert.equal(w.turn(), []);
    w.list('o', record('A'));
    assert.equal([w.observed.leaving.size, w.turn()], [0, ['arm web/A']], 'of the older definition');
    w.tell({ type: 'died', ...w.told(), id: 'web/A', instance: INSTANCE, pid: 100, ending: { signal: 9 } });
    w.wait(60_000);
    assert.equal(w.turn(), ['arm web/A']);
  },
);

moving('a command that runs there is waited for, unless several may run at once', () => {
  const modes = ['never', 'after', 'immediately'] as const;
  const w = world(modes.map((respawn) => probe(respawn, { respawn })));
  w.list('c');
  w.list(
    'o',
    ...modes.map((key, seq) => record(key, { runs: [{ id: `o-${seq}`, firedAt: 1, startedAt: 1 }] })),
  );
  w.turn();
  for (const key of modes) w.tell({ type: 'removed', ...w.told(), id: `web/${key}`, instance: INSTANCE });
  assert.equal(w.turn(), ['arm web/immediately']);
  const ended = { duration: 1, ending: { exitCode: 0 }, timedOut: false, folded: 0 };
  for (const [seq, key] of modes.entries())
    w.tell({ type: 'finished', ...w.told(), id: `web/${key}`, run: `o-${seq}`, ...ended });
  assert.equal(w.turn(), ['arm web/never', 'arm web/after']);
});

moving('what is triggered there on its way is spent here too', () => {
  const w = world([probe('A')]);
  w.list('c');
  w.list('o', record('A'));
  w.turn();
  const run = 'o-9';
  w.tell({ type: 'fired', ...w.told(), id: 'web/A', instance: INSTANCE, run, by: 'jail', once: true });
  w.tell({ type: 'removed', ...w.told(), id: 'web/A', instance: INSTANCE });
  const ended = { duration: 1, ending: { exitCode: 0 }, timedOut: false, folded: 0 };
  w.tell({ type: 'finished', ...w.told(), id: 'web/A', run, ...ended });
  assert.equal(w.turn(), []);
  assert.is(w.observed.jails.get('web')?.probes.get('web/A')?.runs, 1);
});

moving(
  'what an older keeper tells a restarted daemon again counts once, though the current one has told more',
  () => {
    const w = world([probe('A', { respawn: 'after' })]);
    const last = { run: 'c-5', firedAt: 2 };
    const past = { id: 'web/A', jail: 'web', runs: 2, last };
    const newest = [
      ['o', 9],
      ['c', 5],
    ] as const;
    w.tell({ type: 'recalled', at: 1, probes: [past], newest });
    const fired = { type: 'fired', at: 1, id: 'web/A', instance: INSTANCE, by: 'jail', once: false } as const;
    w.tell({ ...fired, epoch: 'o', seq: 9, run: 'o-9' }, { ...fired, epoch: 'c', seq: 5, run: 'c-5' });
    assert.is(w.observed.jails.get('web')?.probes.get('web/A')?.runs, 2);
    w.tell({ ...fired, epoch: 'o', seq: 12, run: 'o-12' });
    assert.is(w.observed.jails.get('web')?.probes.get('web/A')?.runs, 3);
  },
);

moving('the states of an older keeper say nothing of the current one', () => {
  const w = world([probe('A')]);
  w.list('c');
  w.list('o', record('A'));
  w.turn();
  w.tell({ type: 'removed', ...w.told(), id: 'web/A', instance: INSTANCE });
  w.turn();
  const armed = { id: 'web/A', tag: 't', instance: INSTANCE, title: 'A' };
  w.tell({ type: 'armed', ...w.told('c'), ...armed, pid: 200 });
  const before = w.observed.jails.get('web')?.probes.get('web/A')?.held;
  w.tell({ type: 'armed', ...w.told(), ...armed, pid: 100 });
  w.tell({ type: 'died', ...w.told(), id: 'web/A', instance: INSTANCE, pid: 100, ending: { signal: 9 } });
  w.tell({ type: 'failed', ...w.told(), id: 'web/A', instance: INSTANCE, stage: 'fork', errno: 11 });
  assert.equal(w.observed.jails.get('web')?.probes.get('web/A')?.held, before);
});

moving('at most 64 are on their way, and one that does not end keeps nobody waiting for long', () => {
  const keys = Array.from({ length: 200 }, (_, i) => `K${i}`);
  const w = world(keys.map((key) => probe(key)));
  w.list('c');
  w.list('o', ...keys.map((key) => record(key)));
  assert.is(w.turn().length, 64);
  assert.is(w.turn().length, 0);
  w.tell({ type: 'removed', ...w.told(), id: 'web/K0', instance: INSTANCE });
  assert.equal(w.turn(), ['arm web/K0'], 'until it is there its place is taken');
  const tag = w.observed.jails.get('web')?.probes.get('web/K0')?.held?.tag ?? '';
  w.tell({
    type: 'armed',
    ...w.told('c'),
    id: 'web/K0',
    tag,
    instance: INSTANCE,
    pid: 200,
    title: 'K0',
  });
  assert.is(w.turn().filter((step) => step.startsWith('release')).length, 1);
  w.wait(1_000);
  assert.is(w.turn().filter((step) => step.startsWith('release')).length, 64);
});

moving('of a jail that cannot be looked at, and while a keeper is stopped, all stays where it is', () => {
  const refused = world([probe('A')], { name: 'web', refused: 'its pidfile is writable by others' });
  refused.list('c');
  refused.list('o', record('A'));
  assert.equal(refused.turn(), []);
  assert.not.ok(anyUnderWay(refused.observed), 'nobody waits for it');
  refused.tell({ type: 'sighted', at: 1, sightings: [RUNS] });
  assert.ok(anyUnderWay(refused.observed));
  assert.equal(refused.turn(), ['release web/A']);

  for (const epoch of ['c', 'o']) {
    const w = world([probe('A')]);
    w.list('c');
    w.list('o', record('A'));
    w.tell({ type: 'keeper-stopped', at: 1, epoch, stopped: true });
    assert.equal(w.turn(), []);
    w.tell({ type: 'keeper-stopped', at: 1, epoch, stopped: false });
    assert.equal(w.turn(), ['release web/A']);
  }
});

moving('an older keeper that dies has nothing left, but for the commands that its markers tell of', () => {
  const w = world([probe('A', { respawn: 'after' }), probe('B')]);
  w.list('c');
  w.list(
    'o',
    record('A', { state: 'running', runs: [{ id: 'o-1', firedAt: 1, startedAt: 1 }] }),
    record('B'),
  );
  w.tell({ type: 'keeper-lost', at: 1, epoch: 'o', why: 'killed', leaving: true });
  const orphan = {
    id: 'web/A',
    run: 'o-1',
    by: 'jail',
    instance: INSTANCE,
    once: false,
    pid: 9,
    startedAt: 1,
    bootTime: 1,
    told: true,
  } as const;
  w.tell({ type: 'orphaned', at: 1, commands: [orphan] });
  assert.equal(w.turn(), ['arm web/B']);
  w.tell({ type: 'orphan-ended', at: 2, id: 'web/A', run: 'o-1', told: false });
  assert.ok(w.turn().includes('arm web/A'));
});

moving.run();
