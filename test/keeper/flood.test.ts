// limit: 240 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unshared } from '../rig/kinds/unshare.ts';
import { killExactly, startOf } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byPid, definition, keeper, kill, type Client } from './rig.ts';

const test = suite('keeper: floods');
const QUIET = { arg: ['/bin/true'] };

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

/** Sends HUP to everything in the jail, for ever: a jail's root at its most impatient. */
async function hangUpForEver(t: Teller, init: number): Promise<() => Promise<void>> {
  const loop = spawn(
    'nsenter',
    ['-t', String(init), '-p', '-m', '/bin/sh', '-c', 'trap "" HUP; while :; do kill -HUP -1; done'],
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
    const stop = await hangUpForEver(t, jail.pid);
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
    const stop = await hangUpForEver(t, jail.pid);
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

test.run();
