// limit: 300 s
/** Keepers of other versions, and several of them: their probes move, one by one, and nothing is lost or done twice. */
import * as assert from 'uvu/assert';
import { daemon, type Daemon } from '../rig/daemon.ts';
import type { RunningJail } from '../rig/jail.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { isAlive } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { earlierKeeper, probeFor } from './keepers.ts';
import { hup, jaildaemon, pathsOf, pidfileOf, stories, traces, type Probes } from './scene.ts';

const { tell, run } = stories('several keepers');

const NO_BRAKE = { settings: { grace: '300ms', brake: { triggers: 0 } } };

function fileOf(jail: RunningJail, probes: Probes): string {
  return JSON.stringify({ ...NO_BRAKE, jails: { web: { pid: pidfileOf(jail), probes } } });
}

/** The daemon is killed, if it still lives; what it was doing stays half done. */
async function killDaemon(host: Daemon): Promise<void> {
  const pid = await host.pid();
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the daemon is gone');
}

async function allArmed(host: Daemon, count: number): Promise<void> {
  const now = async (): Promise<string[]> =>
    (await host.status()).probes.filter(({ state }) => state === 'armed').map(({ id }) => id);
  await until(async () => (await now()).length === count, 'all are armed', { seconds: 30, last: now });
}

async function titlesIn(jail: RunningJail): Promise<string[]> {
  return (await jail.ps()).filter((line) => /^[A-Z]+(-\d+)?$/.test(line));
}

for (const version of [1, 3]) {
  tell(`a keeper of version ${version} is replaced, and what it knew is kept`, async (t) => {
    const jail = await unshared.start(t, 'web');
    const at = await traces(t);
    const older = await earlierKeeper(t, version);
    const { client } = older;
    const long = `${at.says('begin')}; ${at.waits()}; exit 4`;
    for (const [title, command, respawn] of [
      ['STILL', at.says('still'), 'after'],
      ['SPENT', at.says('spent'), 'never'],
      ['LONG', long, 'after'],
      ['MANY', `${at.says('many')}; ${at.waits()}`, 'immediately'],
      ['GOING', at.says('going'), 'after'],
    ] as const)
      await client.order('arm', await probeFor(jail, title, command, { respawn }));
    for (const title of ['STILL', 'SPENT', 'LONG', 'MANY', 'GOING'])
      await until(() => client.events('armed', `web/${title}`).length > 0, `${title} is armed`);
    for (const title of ['SPENT', 'LONG', 'MANY']) assert.is((await hup(jail, title)).code, 0);
    await at.reach(3);
    await until(() => client.events('spent').length === 1, 'it is spent');
    client.close();

    const probes = {
      STILL: { command: at.says('still'), respawn: 'after' },
      SPENT: { command: at.says('spent') },
      LONG: { command: long, respawn: 'after' },
      MANY: { command: `${at.says('many')}; ${at.waits()}`, respawn: 'immediately' },
      NEW: { command: at.says('new') },
    };
    const host = await daemon(t, fileOf(jail, probes));
    const { keeper } = await host.status();
    assert.is.not(keeper?.pid, older.pid);
    assert.match(await host.log(), `protocol ${version}, is replaced`);
    await host.reaches('web/STILL', 'armed');
    await host.reaches('web/NEW', 'armed');
    await host.reaches('web/SPENT', 'spent');
    const waits = await host.reaches('web/LONG', 'running');
    assert.match(String(waits.reason), 'moving to the new keeper');
    // It may run several at once: of another version only where that says when its process has gone.
    if (version !== 1) await host.reaches('web/MANY', 'armed');
    assert.ok(isAlive(older.pid), 'commands still run in it');
    assert.not.ok((await titlesIn(jail)).includes('LONG'), 'one that must not overlap is not there');
    assert.not.ok((await titlesIn(jail)).includes('GOING'), 'what nobody wants any more has gone');

    at.open();
    const back = await host.reaches('web/LONG', 'armed');
    assert.is(back.last?.exitCode, 4);
    await host.reaches('web/MANY', 'armed');
    await until(() => !isAlive(older.pid), 'the older keeper has ended', { seconds: 15 });
    assert.equal((await titlesIn(jail)).sort(), ['LONG', 'MANY', 'NEW', 'STILL']);
    const history = await host.history();
    assert.equal(history.map(({ title }) => title).sort(), ['LONG', 'MANY', 'SPENT']);
    assert.ok(
      history.every(({ id, exitCode }) => id.startsWith(older.epoch) && exitCode !== undefined),
      JSON.stringify(history),
    );
    assert.is((await hup(jail, 'STILL')).code, 0);
    assert.equal((await at.reach(4)).at(-1), 'still');
    assert.is((await host.status()).keeper?.pid, keeper?.pid);
  });
}

tell('of two keepers of this version the newer one stays, and the other drains', async (t) => {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const first = await earlierKeeper(t, 2);
  await first.client.order('arm', await probeFor(jail, 'A', at.says('a'), { respawn: 'after' }));
  await first.client.next('armed');
  const second = await earlierKeeper(t, 2);
  await second.client.order('arm', await probeFor(jail, 'B', at.says('b'), { respawn: 'after' }));
  await second.client.next('armed');
  for (const { client } of [first, second]) client.close();
  const probes = {
    A: { command: at.says('a'), respawn: 'after' },
    B: { command: at.says('b'), respawn: 'after' },
  };
  const host = await daemon(t, fileOf(jail, probes));
  assert.is((await host.status()).keeper?.pid, second.pid);
  await host.reaches('web/A', 'armed');
  await host.reaches('web/B', 'armed');
  await until(() => !isAlive(first.pid), 'the first one has ended');
  assert.equal((await titlesIn(jail)).sort(), ['A', 'B']);
});

/** Many probes in an older keeper, each of which says its title when it is triggered. */
async function crowd(t: Teller, version: number, count: number) {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const older = await earlierKeeper(t, version);
  const titles = Array.from({ length: count }, (_, i) => `B-${i}`);
  older.client.send('limits', { budget: 512, brake: 0, brake_window: 1000 });
  const probes: Probes = {};
  for (const title of titles) {
    probes[title] = { command: at.says(title), respawn: 'after' };
    older.client.send('arm', await probeFor(jail, title, at.says(title), { respawn: 'after' }));
  }
  await until(() => older.client.events('armed').length === count, 'all are armed', { seconds: 30 });
  older.client.close();
  return { jail, at, older, titles, probes };
}

for (const version of [1, 2]) {
  tell(
    `the daemon is killed again and again while all moves from version ${version}: the next one goes on`,
    async (t) => {
      const { jail, at, older, titles, probes } = await crowd(t, version, 150);
      // A newer one of this version, so that the older of two has to move.
      if (version === 2) (await earlierKeeper(t, 2)).client.close();
      const pids = new Set<number>();
      const host = await daemon(t, fileOf(jail, probes));
      for (let round = 0; round < 4; round++) {
        await killDaemon(host);
        const started = jaildaemon(['-D', ...pathsOf(host)]);
        // At another moment each time, from when it has a pid until it is ready.
        const pid = await until(async () => {
          const now = await host.pid().catch(() => 0);
          return now !== 0 && isAlive(now) && !pids.has(now) ? now : undefined;
        }, 'the next one is on its way');
        pids.add(pid);
        await new Promise((resolve) => setTimeout(resolve, 150 * round));
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
        await started;
      }
      assert.is((await host.start()).code, 0);
      await allArmed(host, titles.length);
      await until(() => !isAlive(older.pid), 'the older keeper has ended', { seconds: 15 });
      assert.equal((await titlesIn(jail)).sort(), [...titles].sort(), 'each is there once');
      assert.equal(await at.lines(), [], 'nothing has run');
      assert.equal(await host.history(), []);
    },
    90,
  );
}

tell(
  'probes are triggered while they move: each HUP that killed one runs its command once',
  async (t) => {
    const { jail, at, older, titles, probes } = await crowd(t, 2, 200);
    (await earlierKeeper(t, 2)).client.close();
    // Counted by who kills: a process dies once.
    const asking = jail.run(
      `while [ ! -e ${at.path('enough')} ]; do
         for pid in $(/usr/bin/pgrep -f '^B-[0-9]*$'); do kill -HUP $pid 2>/dev/null && echo $pid; done; sleep 0.2
       done`,
    );
    const host = await daemon(t, fileOf(jail, probes));
    await until(() => !isAlive(older.pid), 'the older keeper has ended', { seconds: 15 });
    const now = (await at.lines()).length;
    await at.reach(now + 100);
    at.open('enough');
    const asked = new Set((await asking).stdout.split('\n').filter(Boolean));
    await allArmed(host, titles.length);
    const all = async (): Promise<{ id: string; endedAt?: string }[]> =>
      (await host.cli('history', '--json', '-n', '100000')).stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { id: string; endedAt?: string });
    const history = await until(async () => {
      const entries = await all();
      return entries.every(({ endedAt }) => endedAt !== undefined) ? entries : undefined;
    }, 'all have ended');
    assert.is(new Set(history.map(({ id }) => id)).size, history.length, 'each id is there once');
    assert.is((await at.lines()).length, history.length, 'as many commands as entries');
    // One that was just being retired is hit and not asked: fewer may count than were hit, never more.
    assert.ok(history.length <= asked.size, `${history.length} of ${asked.size}`);
    assert.ok(history.length > 200, `${history.length} of ${asked.size}`);
    assert.ok(history.some(({ id }) => id.startsWith(older.epoch)));
    assert.ok(history.some(({ id }) => !id.startsWith(older.epoch)));
  },
  90,
);

tell(
  'an older keeper is killed in the middle: its probes come back, its command is waited for',
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const at = await traces(t);
    const older = await earlierKeeper(t, 1);
    const { client } = older;
    const long = `${at.says('begin')}; ${at.waits()}`;
    await client.order('arm', await probeFor(jail, 'LONG', long, { respawn: 'after' }));
    await client.next('armed');
    assert.is((await hup(jail, 'LONG')).code, 0);
    await at.reach(1);
    client.close();
    const probes = { LONG: { command: long, respawn: 'after' }, OTHER: { command: at.says('other') } };
    const host = await daemon(t, fileOf(jail, probes));
    await host.reaches('web/OTHER', 'armed');
    await host.reaches('web/LONG', 'running');
    await older.kill();
    const waits = await host.probe(
      'web/LONG',
      ({ reason }) => reason?.includes('died') === true,
      'is an orphan',
    );
    assert.is(waits.state, 'running');
    assert.not.ok((await titlesIn(jail)).includes('LONG'));
    at.open();
    await host.reaches('web/LONG', 'armed');
    const history = await host.history();
    assert.is(history.length, 1);
    assert.is(history[0]?.fate, 'unknown');
  },
);

tell('a probe that is still in the older keeper is triggered there from the host', async (t) => {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const older = await earlierKeeper(t, 2);
  await older.client.order('arm', await probeFor(jail, 'A', at.says('older'), { respawn: 'never' }));
  await older.client.next('armed');
  await older.client.order('drain');
  older.client.close();
  // A jail that cannot be looked at keeps what it has: here a pidfile that others may write.
  const probes = { A: { command: at.says('newer'), respawn: 'never' } };
  const { chmod } = await import('node:fs/promises');
  await chmod(pidfileOf(jail), 0o666);
  const host = await daemon(t, fileOf(jail, probes));
  const status = await host.status();
  assert.is(status.probes[0]?.state, 'failed');
  assert.ok((await titlesIn(jail)).includes('A'), 'it is still there');
  assert.is((await host.cli('trigger', 'web', 'A', '--wait')).code, 0);
  assert.equal(await at.lines(), ['older']);
  assert.ok((await host.history())[0]?.id.startsWith(older.epoch));
  await chmod(pidfileOf(jail), 0o600);
  await host.reaches('web/A', 'spent');
  await until(() => !isAlive(older.pid), 'the older keeper has ended');
});

tell('everything is taken down, whatever keeper has it', async (t) => {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const older = await earlierKeeper(t, 3);
  const long = `trap '${at.says('term')}; exit 3' TERM; ${at.says('begin')}; ${at.waits()}`;
  await older.client.order('arm', await probeFor(jail, 'LONG', long, { respawn: 'after' }));
  await older.client.next('armed');
  assert.is((await hup(jail, 'LONG')).code, 0);
  await at.reach(1);
  older.client.close();
  const host = await daemon(t, fileOf(jail, { LONG: { command: long }, OTHER: { command: 'true' } }));
  await host.reaches('web/OTHER', 'armed');
  const { keeper } = await host.status();
  const { code, stderr } = await host.cli('stop');
  assert.is(code, 0, stderr);
  assert.match(stderr, /^waiting for 1 command: web\/LONG/);
  assert.not.ok(isAlive(older.pid) || isAlive(keeper?.pid ?? 0));
  assert.equal(await at.lines(), ['begin', 'term']);
  assert.equal(await titlesIn(jail), []);
  await host.start();
  assert.is((await host.history())[0]?.exitCode, 3);
});

run();
