/** SIGTERM, SIGINT and `stop` are one: probes away, commands may finish, then nothing is left. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isAlive } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('stop');

const ways: Record<string, (s: Scene) => Promise<unknown>> = {
  SIGTERM: async (s) => process.kill(await s.host.pid(), 'SIGTERM'),
  SIGINT: async (s) => process.kill(await s.host.pid(), 'SIGINT'),
  stop: async (s) => assert.is((await s.host.cli('stop')).code, 0),
};

for (const [name, end] of Object.entries(ways)) {
  tell(`${name}: a command finishes first, and nothing is left`, async (t) => {
    const s = await scene(
      t,
      (at) => ({
        BUTTON: { command: `${at.says('begin')}; ${at.waits()}; ${at.says('end')}` },
        OTHER: { command: at.says('never') },
      }),
      { settings: { grace: '20s' } },
    );
    const other = await s.host.reaches('web/OTHER', 'armed');
    const { daemon, keeper } = await s.host.status();
    await s.hup();
    await s.reach(1);
    const ended = end(s);
    await until(() => !isAlive(other.pid ?? 0), 'the other probe is away at once');
    assert.ok(isAlive(keeper?.pid ?? 0), 'the keeper waits for the command');
    s.open();
    await ended;
    await until(() => !isAlive(daemon.pid) && !isAlive(keeper?.pid ?? 0), 'both have ended');
    assert.equal(await s.lines(), ['begin', 'end']);
    for (const path of [s.host.socket, join(s.host.dir, 'pid')]) assert.not.ok(existsSync(path), path);
    // How it ended was learned before the end, and is there afterwards.
    await s.host.start();
    const [entry] = await s.host.history();
    assert.is(entry?.exitCode, 0, JSON.stringify(entry));
  });
}

tell('a command that is not done when the grace is over gets TERM, and KILL if it must', async (t) => {
  const s = await scene(
    t,
    (at) => ({
      POLITE: { command: `trap '${at.says('polite')}; exit 7' TERM; ${at.says('a')}; ${at.waits()}` },
      RUDE: { command: `trap '' TERM; ${at.says('b')}; ${at.waits()}`, kill_after: '200ms' },
    }),
    { settings: { grace: '200ms' } },
  );
  await s.host.reaches('web/RUDE', 'armed');
  await s.hup('POLITE');
  await s.hup('RUDE');
  await s.reach(2);
  const { code } = await s.host.cli('stop');
  assert.is(code, 0);
  assert.ok((await s.lines()).includes('polite'));
  await s.host.start();
  const ends = Object.fromEntries((await s.host.history()).map((entry) => [entry.title, entry]));
  assert.is(ends['POLITE']?.exitCode, 7);
  assert.is(ends['RUDE']?.signal, 'SIGKILL');
});

tell('two that ask for the end at once both get an answer', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const outcomes = await Promise.all([s.host.cli('stop'), s.host.cli('stop')]);
  // The second may come when it is already over.
  for (const { code, stderr } of outcomes) assert.ok(code === 0 || code === 69, stderr);
  assert.ok(outcomes.some(({ code }) => code === 0));
});

tell('with a thousand probes it is over soon', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`B-${i}`, { command: 'true' }]));
  const s = await scene(t, () => many);
  const { keeper } = await s.host.status();
  assert.is((await s.host.cli('stop')).code, 0);
  assert.not.ok(isAlive(keeper?.pid ?? 0));
  assert.equal(
    (await s.jail.ps()).filter((line) => line.startsWith('B-')),
    [],
  );
});

run();
