// limit: 240 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bubblewrapUser } from '../rig/kinds/bubblewrap.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { commandOf, descendants, killExactly, startOf } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byPid, definition, keeper, kill, type Client } from './rig.ts';

const test = suite('keeper: floods');
const QUIET = { arg: ['/bin/true'] };

/** How many children a process has, the unreaped ones too. */
function childrenOf(pid: number): number {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).length;
}

/** Fired, started and finished of every trigger, each exactly once. */
function whole(client: Client): void {
  const ids = (verb: string): string[] => client.events(verb).map(({ id }) => String(id));
  for (const verb of ['fired', 'started', 'finished'])
    assert.is(new Set(ids(verb)).size, ids(verb).length, `no ${verb} twice`);
  assert.equal(ids('started').sort(), ids('fired').sort());
  assert.equal(ids('finished').sort(), ids('fired').sort());
}

story(
  test,
  '1,000 HUPs at one probe, as fast as it comes back',
  { unless: unshared.available(), seconds: 60 },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client } = await keeper(t);
    await client.order('limits', { budget: '512', brake: '0', brake_window: '10000' });
    await client.order(
      'arm',
      definition('web/A', t.unique('A'), byPid(jail.pid), { ...QUIET, respawn: 'immediately' }),
    );
    for (let count = 0; count < 1000; count++) kill(String((await client.next('armed'))['pid']), 'SIGHUP');
    await until(() => client.events('finished').length >= 1000, 'all commands have ended', { seconds: 30 });
    assert.is(client.events('fired').length, 1000);
    whole(client);
  },
);

story(
  test,
  '500 HUPs at once: every command, exactly once',
  { unless: unshared.available(), seconds: 60 },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client, pid } = await keeper(t);
    for (let i = 0; i < 500; i++)
      client.send('arm', definition(`web/${i}`, t.unique('A'), byPid(jail.pid), QUIET));
    await until(() => client.events('armed').length === 500, 'all are armed', { seconds: 30 });
    // The keeper stands still meanwhile, so that it finds all of them at once.
    kill(pid, 'SIGSTOP');
    for (const armed of client.events('armed')) kill(String(armed['pid']), 'SIGHUP');
    kill(pid, 'SIGCONT');
    await until(() => client.events('finished').length === 500, 'all commands have ended', { seconds: 30 });
    whole(client);
  },
);

/** Sends a signal to everything in the jail, for ever: a jail's root at its most impatient. */
async function signalForEver(t: Teller, init: number, signal: 'HUP' | 'STOP'): Promise<() => Promise<void>> {
  const loop = spawn(
    'nsenter',
    ['-t', String(init), '-p', '-m', '/bin/sh', '-c', `trap "" HUP; while :; do kill -${signal} -1; done`],
    {
      stdio: 'ignore',
      detached: true,
    },
  );
  await once(loop, 'spawn');
  const pid = loop.pid ?? 0;
  const start = startOf(pid);
  t.defer('end the loop', () => killExactly(pid, start));
  return async () => {
    await killExactly(pid, start);
  };
}

story(
  test,
  'a HUP at any moment of an entry kills a probe that is ready',
  { unless: unshared.available(), seconds: 200 },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client } = await keeper(t);
    await client.order('limits', { budget: '512', brake: '0', brake_window: '10000' });
    const stop = await signalForEver(t, jail.pid, 'HUP');
    for (let i = 0; i < 8; i++)
      client.send(
        'arm',
        definition(`web/${i}`, t.unique('A'), byPid(jail.pid), { ...QUIET, respawn: 'immediately' }),
      );
    await until(() => client.events('fired').length >= 2000, '2,000 entries have been hit', {
      seconds: 150,
      last: () => client.events('fired').length,
    });
    await stop();
    for (let i = 0; i < 8; i++) client.send('disarm', { key: `web/${i}` });
    await until(async () => (await client.list()).size === 0, 'all are away', { seconds: 30 });
    assert.equal(client.events('died'), [], 'no death before ready');
    assert.equal(client.events('failed'), []);
    whole(client);
  },
);

story(
  test,
  'HUPs without end while a probe is replaced: what hits both processes is folded',
  { unless: unshared.available(), seconds: 100 },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client } = await keeper(t);
    await client.order('limits', { budget: '512', brake: '0', brake_window: '10000' });
    const stop = await signalForEver(t, jail.pid, 'HUP');
    const folded = (): number =>
      client.events('finished').reduce((sum, finished) => sum + Number(finished['folded'] ?? 0), 0);
    const define = (): ReturnType<typeof definition> =>
      definition('web/A', t.unique('A'), byPid(jail.pid), { ...QUIET, respawn: 'immediately' });
    const end = performance.now() + 60_000;
    for (let round = 0; folded() === 0 || round < 300; round++) {
      await client.order('arm', define());
      if (performance.now() > end) throw new Error(`no HUP was folded in ${round} replacements`);
    }
    await stop();
    client.send('disarm', { key: 'web/A' });
    await until(async () => (await client.list()).size === 0, 'it is away', { seconds: 30 });
    assert.equal(client.events('died'), []);
    assert.equal(client.events('failed'), []);
    whole(client);
    process.stdout.write(`  ${client.events('fired').length} triggers, ${folded()} folded\n`);
  },
);

story(
  test,
  'an entry that is held up inside is given up after ten seconds',
  { unless: bubblewrapUser.available(), seconds: 60 },
  async (t) => {
    // Without a user namespace of its own, a guard would see to it that nobody can hold it up.
    const jail = await bubblewrapUser.start(t, 'web');
    const { client, pid } = await keeper(t);
    const stop = await signalForEver(t, jail.pid, 'STOP');
    const [sleeper = 0] = descendants(jail.pid);
    await until(
      () => readFileSync(`/proc/${sleeper}/status`, 'latin1').includes('State:\tT'),
      'all is stopped',
    );
    // Most are stopped when they are armed already, and some before.
    const keys = Array.from({ length: 200 }, (_, i) => `web/${i}`);
    for (const key of keys) client.send('arm', definition(key, t.unique('A'), byPid(jail.pid)));
    const failed = await client.next('failed', undefined, 40);
    assert.is(failed['stage'], 'timeout');
    const armed = client.events('armed').find(({ key }) => key === failed['key']);
    assert.is(armed, undefined);
    await stop();
    for (const key of keys) await client.order('disarm', { key });
    await until(() => childrenOf(pid) === 0, 'nothing is left', { seconds: 20 });
  },
);

story(
  test,
  'whoever kills entering processes on the host leaves no process of ours behind',
  { unless: unshared.available(), seconds: 60 },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client, pid } = await keeper(t);
    const keys = Array.from({ length: 300 }, (_, i) => `web/${i}`);
    const done = (): number => client.events('armed').length + client.events('failed').length;
    let killed = 0;
    for (const key of keys) {
      client.send('arm', definition(key, t.unique(key), byPid(jail.pid)));
      // Any child of the keeper's that is not (yet) called as a probe is.
      await new Promise((resolve) => setImmediate(resolve));
      for (const child of descendants(pid)) {
        if (commandOf(child).startsWith('web-') || commandOf(child) === '') continue;
        try {
          kill(child, 'SIGKILL');
          killed++;
        } catch {
          // It has ended.
        }
      }
    }
    await until(
      () => done() + client.events('died').length >= keys.length,
      'every arming has come to an end',
      {
        seconds: 30,
        last: () => [done(), killed],
      },
    );
    for (const key of keys) client.send('disarm', { key });
    await until(async () => (await client.list()).size === 0, 'all are away', { seconds: 20 });
    // The next arming looks for what nobody has named.
    await client.order('arm', definition('web/last', t.unique('LAST'), byPid(jail.pid)));
    await client.next('armed', 'web/last');
    await client.order('disarm', { key: 'web/last' });
    await until(() => childrenOf(pid) === 0, 'the keeper has no child left, dead or alive', {
      last: () => [childrenOf(pid), killed, client.events('failed').length],
    });
    process.stdout.write(`  ${killed} killed, ${client.events('failed').length} armings failed\n`);
  },
);

test.run();
