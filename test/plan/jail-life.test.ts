/** Jails that the system lists: they come and go by themselves, some end with their last process, and stopping takes time. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JailConfig } from '../../src/config/config.ts';
import { createDeclared } from '../../src/config/declared.ts';
import type { Event } from '../../src/event.ts';
import type { Jail, Sighting } from '../../src/jails/jail.ts';
import { orderFields } from '../../src/keeper/orders.ts';
import { defineProbe, sameBody } from '../../src/plan/definition.ts';
import { createDesired } from '../../src/plan/desired.ts';
import { learn } from '../../src/plan/learn.ts';
import { withoutForgotten } from '../../src/plan/forgotten.ts';
import { NOTHING_OBSERVED, type Observed } from '../../src/plan/observed.ts';
import { plan, wholeScope } from '../../src/plan/plan.ts';
import { HOST } from './daemon.ts';
import { probe } from './world.ts';

const entry = (name: string, ...keys: readonly string[]): JailConfig => ({
  name,
  glob: name.includes('*'),
  whereabouts: { by: 'name' },
  probes: keys.map((key) => probe(key)),
  origin: { file: '/etc/jaildaemon.yml', line: 1, column: 1 },
});

const running = (name: string, jid: number, changes: Partial<Jail> = {}): Sighting => ({
  name,
  jail: {
    name,
    kind: 'jail',
    instance: `b:${jid}:${jid}`,
    jid,
    entrance: { by: 'jail', jid, dev: '1', ino: '2', name },
    ...changes,
  },
});

/** A jail of Linux. */
const process = (name: string, pid: number): Sighting => ({
  name,
  jail: {
    name,
    kind: 'pid',
    instance: `b:${pid}:1`,
    jid: pid,
    pid,
    entrance: { by: 'pid', pid, start: '1' },
  },
});

/** The daemon's two pure functions over what is told; orders are carried out at once, the probe of key A having pid 101. */
function createWorld(...jails: readonly JailConfig[]) {
  const declared = createDeclared({ jails });
  let observed: Observed = NOTHING_OBSERVED;
  let seq = 0;
  let now = 1_000_000;
  const tell = (...events: Event[]): void => {
    observed = learn(observed, events).observed;
  };
  tell({ type: 'keeper-found', at: now, epoch: 'e', pid: 2, version: 1, startedAt: now });
  tell({ type: 'keeper-listed', at: now, epoch: 'e', records: [] });
  return {
    get observed() {
      return observed;
    },
    get now() {
      return now;
    },
    pass: (ms: number) => void (now += ms),
    see: (...sightings: Sighting[]) => tell({ type: 'sighted', at: now, sightings }),
    die(id: string, signal: number) {
      const held = observed.jails.get(id.split('/')[0] ?? '')?.probes.get(id)?.held;
      const { instance = '', pid = 0 } = held ?? {};
      tell({ type: 'died', epoch: 'e', seq: ++seq, at: now, id, instance, pid, ending: { signal } });
    },
    /** What a turn does: `arm web/A`. */
    turn(): string[] {
      const desired = createDesired(declared, observed);
      const { steps } = plan(desired, observed, wholeScope(desired, observed), now, HOST, new WeakMap());
      return steps.map((step) => {
        if (step.do === 'look' || step.do === 'release') return step.do;
        if (step.do === 'disarm') {
          tell({ type: 'disarmed', at: now, id: step.id, jail: step.jail });
          return `disarm ${step.id}`;
        }
        const { id, tag, instance, title } = step.definition;
        tell({ type: 'ordered', at: now, order: step.do, want: step.want, jail: step.jail, tag, instance });
        const pid = 100 + (title.codePointAt(0) ?? 0) - 64;
        tell({ type: 'armed', epoch: 'e', seq: ++seq, at: now, id, tag, instance, pid, title });
        return `${step.do} ${id}`;
      });
    },
    why: (id: string) => {
      const desired = createDesired(declared, observed);
      const { changes } = plan(desired, observed, wholeScope(desired, observed), now, HOST, new WeakMap());
      return changes.find((change) => change.id === id)?.why;
    },
  };
}

test('a pattern and a jid find jails that nobody has named', () => {
  const world = createWorld(entry('db-*', 'A'), entry('7', 'B'), entry('web', 'C'));
  world.see(running('db-1', 3), running('mail', 7), running('db-1.evil', 8), running('9', 9));
  assert.equal(world.turn(), ['arm db-1/A', 'arm mail/B']);
  world.see(running('web', 10));
  assert.equal(world.turn(), ['arm web/C']);
});

test('a jid that no jail has is waited for under its number', () => {
  const world = createWorld(entry('7', 'A'));
  world.see({ name: '7', absent: 'no jail with jid 7 runs' });
  assert.equal(world.turn(), []);
  assert.is(world.why('7/A'), 'no jail with jid 7 runs');
  world.see(running('mail', 7));
  assert.equal(world.turn(), ['arm mail/A']);
  assert.is(world.why('7/A'), undefined);
});

test('the pid of a process is no jid', () => {
  const world = createWorld(entry('4711', 'A'), entry('web', 'B'));
  world.see(process('web', 4711));
  assert.equal(world.turn(), ['arm web/B']);
});

test('a jail without a name has its jid for one, which patterns match as well', () => {
  const world = createWorld(entry('*', 'A'), entry('9', 'B'));
  world.see(running('9', 9), running('svcj-nginx', 10), running('a.svcj-x', 11));
  assert.equal(world.turn(), ['arm 9/B', 'arm 9/A']);
});

test('a process that somebody called by its number is meant by no pattern', () => {
  const world = createWorld(entry('*', 'A'));
  world.see(process('4711', 4711));
  assert.equal(world.turn(), []);
});

test('the jail of a service is matched by who asks for it', () => {
  const world = createWorld(entry('svcj-*', 'A'), entry('s*', 'B'), entry('*', 'C'));
  world.see(running('svcj-nginx', 3));
  assert.equal(world.turn(), ['arm svcj-nginx/A']);
});

test('jails that run are remembered though nobody wants anything of them; those that have gone are not', () => {
  const world = createWorld();
  world.see(running('a', 1), running('b', 2));
  assert.is(withoutForgotten(world.observed, new Set()).jails.size, 2);
  world.see({ name: 'a', absent: 'no jail named "a" runs' });
  assert.equal([...withoutForgotten(world.observed, new Set()).jails.keys()], ['b']);
});

test('while the system does not say which jails run, everything stays as it is', () => {
  const world = createWorld(entry('7', 'A'), entry('web', 'B'));
  world.see(running('mail', 7));
  assert.equal(world.turn(), ['arm mail/A']);
  const unsure = (name: string): Sighting => ({ name, refused: 'the jails cannot be listed', unsure: true });
  world.see(unsure('mail'), unsure('web'));
  assert.equal(world.turn(), []);
  assert.is(world.why('web/B'), 'the jails cannot be listed');
  // Its root cannot be looked at: its jid is known all the same, and so is what the file wants of it.
  world.see({ name: 'mail', refused: 'its root /x: EIO', jid: 7 });
  assert.equal(world.turn(), []);
});

test('a probe that TERM or KILL has ended stays away for longer than its jail needs to stop', () => {
  for (const signal of [15, 9]) {
    const world = createWorld(entry('web', 'A'));
    world.see(running('web', 1));
    assert.equal(world.turn(), ['arm web/A']);
    world.pass(60_000);
    world.die('web/A', signal);
    world.pass(10_000);
    assert.equal(world.turn(), [], 'jail(8) waits 10 s for its processes');
    world.pass(5_001);
    assert.equal(world.turn(), ['arm web/A']);
    world.die('web/A', signal);
    world.see(running('web', 2));
    assert.equal(world.turn(), ['arm web/A'], 'a new life of the jail need not wait');
  }
});

test('on Linux nobody ends a jail in that way', () => {
  const world = createWorld(entry('web', 'A'));
  world.see(process('web', 4711));
  world.turn();
  world.die('web/A', 15);
  world.pass(1_000);
  assert.equal(world.turn(), ['arm web/A']);
});

test('any other end is no sign of that', () => {
  const world = createWorld(entry('web', 'A'));
  world.see(running('web', 1));
  world.turn();
  world.die('web/A', 6);
  world.pass(1_000);
  assert.equal(world.turn(), ['arm web/A']);
});

const mortal = (...residents: readonly number[]): Sighting => running('web', 1, { residents });

test('when only probes are left they go, and stay away, so that the jail can end', () => {
  const world = createWorld(entry('web', 'A', 'B'));
  world.see(mortal(50, 51));
  assert.equal(world.turn(), ['arm web/A', 'arm web/B']);
  world.see(mortal(50, 101, 102));
  assert.equal(world.turn(), [], 'somebody lives there');
  world.see(mortal(101, 102));
  assert.equal(world.turn(), ['disarm web/A', 'disarm web/B']);
  world.see(mortal(101, 102));
  assert.equal(world.turn(), [], 'that they are still dying means nothing');
  world.see(mortal());
  assert.equal(world.turn(), []);
  assert.is(world.why('web/A'), 'only probes were left in it');
  world.see({ name: 'web', absent: 'no jail named "web" runs' });
  assert.equal(world.turn(), []);
  world.see(running('web', 2, { residents: [60] }));
  assert.equal(world.turn(), ['arm web/A', 'arm web/B']);
});

test('who comes into a jail that was about to end gets its probes back', () => {
  const world = createWorld(entry('web', 'A'));
  world.see(mortal(50));
  world.turn();
  world.see(mortal(101));
  assert.equal(world.turn(), ['disarm web/A']);
  world.see(mortal(101, 77));
  assert.equal(world.turn(), ['arm web/A']);
});

test('a jail that persists keeps its probes, whoever is left', () => {
  const world = createWorld(entry('web', 'A'));
  world.see(running('web', 1));
  assert.equal(world.turn(), ['arm web/A']);
  world.see(running('web', 1));
  assert.equal(world.turn(), []);
});

test('another directory in the place of its root: the probe is armed anew', () => {
  const world = createWorld(entry('web', 'A'));
  world.see(running('web', 1));
  world.turn();
  world.see(running('web', 1, { entrance: { by: 'jail', jid: 1, dev: '1', ino: '3', name: 'web' } }));
  assert.equal(world.turn(), ['arm web/A']);
});

test('what the keeper is told of such a jail, and what its commands are told', () => {
  const sighting = running('web', 7, { path: '/jails/web', hostname: 'www.example.org' });
  const jail = 'jail' in sighting ? sighting.jail : undefined;
  if (!jail) throw new Error('it runs');
  const definition = defineProbe('web/A', probe('A'), jail, HOST);
  const { enter, jid, dev, ino, name } = orderFields({ verb: 'arm', definition });
  assert.equal({ enter, jid, dev, ino, name }, { enter: 'jail', jid: 7, dev: '1', ino: '2', name: 'web' });
  const facts = definition.env.filter((variable) => variable.startsWith('JAIL_')).sort();
  assert.equal(facts, [
    'JAIL_HOSTNAME=www.example.org',
    'JAIL_JID=7',
    'JAIL_NAME=web',
    'JAIL_PATH=/jails/web',
  ]);
  // Its root may call the jail what it likes: no new process for that.
  const renamed = defineProbe('web/A', probe('A'), { ...jail, hostname: 'other' }, HOST);
  assert.is.not(renamed.tag, definition.tag);
  assert.ok(sameBody(renamed.tag, definition.tag));
  const nameless: Jail = { ...jail, entrance: { by: 'jail', jid: 7, dev: '1', ino: '2' } };
  const dragonfly = orderFields({ verb: 'arm', definition: defineProbe('7/A', probe('A'), nameless, HOST) });
  assert.is(dragonfly['name'], undefined);
});

test.run();
