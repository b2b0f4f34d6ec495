/** `respawn: never` is once in an instance, whatever happens to daemon, keeper, file and pidfile meanwhile. */
import { readFile, writeFile } from 'node:fs/promises';
import * as assert from 'uvu/assert';
import { isAlive } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { killKeeper, probesOf, scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('spent');

tell(
  'a keeper dies while the one command runs, under a daemon that had only adopted the probe',
  async (t) => {
    const s = await scene(t, (at) => ({ ONCE: { command: `${at.says('begin')}; ${at.waits()}` } }));
    await s.host.reaches('web/ONCE', 'armed');
    const { daemon, keeper } = await s.host.status();
    process.kill(daemon.pid, 'SIGKILL');
    await until(async () => (await s.host.cli('status')).code === 69, 'the daemon is gone');
    await s.host.start();
    await s.hup('ONCE');
    await s.reach(1);
    process.kill(keeper?.pid ?? 0, 'SIGKILL');
    await until(async () => {
      const now = await s.host.status();
      return now.keeper !== undefined && now.keeper.pid !== keeper?.pid;
    }, 'there is another keeper');
    await s.host.reaches('web/ONCE', 'running');
    s.open();
    await s.host.reaches('web/ONCE', 'spent');
    const [entry] = await s.host.history();
    assert.is(entry?.fate, 'unknown');
    assert.equal(await s.lines(), ['begin']);
  },
);

tell('it fires in the moment in which a reload gives it another title: spent all the same', async (t) => {
  const s = await scene(t, (at) => ({ ONCE: { command: at.says('once'), title: 'FIRST' } }));
  const { pid = 0 } = await s.host.reaches('web/ONCE', 'armed');
  const keeper = (await s.host.status()).keeper?.pid ?? 0;
  // While the keeper stands still both things happen that it is told of when it goes on: the death first.
  process.kill(keeper, 'SIGSTOP');
  t.defer('let it go on', () => process.kill(keeper, 'SIGCONT'));
  assert.is((await s.hup('FIRST')).code, 0);
  await until(() => !isAlive(pid), 'the probe is dead');
  await s.write((file) => (probesOf(file)['ONCE'] = { ...probesOf(file)['ONCE'], title: 'SECOND' }));
  await until(
    async () => (await s.host.status()).config.generation === 2,
    'the reload has ordered a replacement',
  );
  process.kill(keeper, 'SIGCONT');
  await s.host.reaches('web/ONCE', 'spent');
  // Nothing is on its way any more: what the next trigger brings about is there, and this one stays away.
  assert.equal(await s.reach(1), ['once']);
  await s.host.cli('reload');
  assert.is((await s.host.reaches('web/ONCE', 'spent')).runs, 1);
  assert.not.ok((await s.jail.ps()).some((line) => /^(FIRST|SECOND)/.test(line)));
});

tell('the command of an `after` probe outlives its keeper: the probe waits, nothing overlaps', async (t) => {
  const s = await scene(t, (at) => ({
    AFTER: { command: `${at.says('begin')}; ${at.waits()}; ${at.says('end')}`, respawn: 'after' },
  }));
  await s.host.reaches('web/AFTER', 'armed');
  await s.hup('AFTER');
  await s.reach(1);
  const { keeper } = await s.host.status();
  process.kill(keeper?.pid ?? 0, 'SIGKILL');
  await until(async () => (await s.host.status()).keeper?.pid !== keeper?.pid, 'there is another keeper');
  await s.host.reaches('web/AFTER', 'running');
  assert.not.ok((await s.jail.ps()).includes('AFTER'));
  s.open();
  await s.host.reaches('web/AFTER', 'armed');
  assert.equal(await s.lines(), ['begin', 'end']);
});

tell('a pidfile that is written anew with the same pid is no new life', async (t) => {
  const s = await scene(t, (at) => ({ ONCE: { command: at.says('once') }, STILL: { command: 'true' } }));
  const { pid } = await s.host.reaches('web/STILL', 'armed');
  await s.hup('ONCE');
  await s.host.reaches('web/ONCE', 'spent');
  const { stdout: adhoc } = await s.host.cli('-c', 'true', '-j', 'web', '-r', '-t', 'ADHOC');
  const pidfile = String(s.file.jails['web']?.pid);
  const before = await readFile(pidfile, 'utf8');
  await writeFile(pidfile, '');
  await s.host.cli('reload');
  await writeFile(pidfile, before);
  await s.host.cli('reload');
  const { probes } = await s.host.status();
  const state = (id: string): unknown => probes.find((probe) => probe.id === id);
  assert.is((state('web/ONCE') as { state: string }).state, 'spent');
  assert.is((state('web/STILL') as { pid: number }).pid, pid, 'the same process');
  assert.ok(state(adhoc.trim()), 'the ad hoc probe is kept');
});

tell(
  '`never`, then `after` while its command runs, then `never` again: what is there is armed, and fires once',
  async (t) => {
    const s = await scene(t, (at) => ({ BUTTON: { command: `${at.says('ran')}; ${at.waits()}` } }));
    await s.host.reaches('web/BUTTON', 'armed');
    await s.hup();
    await s.reach(1);
    await s.reload((file) => Object.assign(probesOf(file)['BUTTON'] ?? {}, { respawn: 'after' }));
    s.open();
    await s.host.reaches('web/BUTTON', 'armed');
    await s.reload((file) => Object.assign(probesOf(file)['BUTTON'] ?? {}, { respawn: 'never' }));
    await s.host.reaches('web/BUTTON', 'armed');
    await s.hup();
    await s.reach(2);
    await s.host.reaches('web/BUTTON', 'spent');
    assert.not.ok((await s.jail.ps()).includes('BUTTON'));
  },
);

tell('an ad hoc probe whose keeper dies while its one command runs fires no second time', async (t) => {
  const s = await scene(t, () => ({}));
  await s.host.cli('-c', `${s.says('begin')}; ${s.waits()}`, '-j', 'web', '-t', 'ADHOC');
  await s.hup('ADHOC');
  await s.reach(1);
  await killKeeper(s);
  await s.host.reaches('adhoc/1', 'running');
  s.open();
  await until(async () => (await s.host.status()).probes.length === 0, 'it is forgotten with its command');
  await restart(s);
  assert.equal((await s.host.status()).probes, [], 'also by the next daemon');
  assert.not.ok((await s.jail.ps()).includes('ADHOC'));
});

tell('an ad hoc probe whose keeper dies before its one command began is spent all the same', async (t) => {
  const s = await scene(t, (at) => ({ LONG: { command: `${at.says('long')}; ${at.waits()}` } }), {
    settings: { budget: 1 },
  });
  await s.host.reaches('web/LONG', 'armed');
  await s.host.cli('-c', s.says('adhoc'), '-j', 'web', '-t', 'ADHOC');
  await s.hup('LONG');
  await s.reach(1);
  await s.hup('ADHOC');
  await s.host.probe('adhoc/1', ({ runs }) => runs === 1, 'is known to have fired');
  await killKeeper(s);
  await s.host.reaches('adhoc/1', 'spent');
  await restart(s);
  await s.host.reaches('adhoc/1', 'spent');
  const entry = (await s.host.history()).find(({ title }) => title === 'ADHOC');
  assert.is(entry?.fate, 'unknown', 'nobody can know any more whether it ran');
  assert.not.ok((await s.jail.ps()).includes('ADHOC'));
  assert.is((await s.host.cli('remove', 'adhoc/1')).code, 0);
  await until(async () => (await s.host.status()).probes.length === 1, 'it is forgotten');
});

/** kill -9, and another daemon. */
async function restart(s: Scene): Promise<void> {
  const pid = await s.host.pid();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the daemon is gone');
  assert.is((await s.host.start()).code, 0);
}

tell('an ad hoc probe that is removed while its command runs leaves nothing behind', async (t) => {
  const s = await scene(t, () => ({}));
  const { stdout } = await s.host.cli('-c', `${s.says('begin')}; ${s.waits()}`, '-j', 'web', '-t', 'ADHOC');
  const id = stdout.trim();
  await s.hup('ADHOC');
  await s.reach(1);
  await s.host.cli('remove', id);
  s.open();
  await until(async () => (await s.host.history())[0]?.exitCode === 0, 'the command has ended');
  await until(async () => (await s.host.status()).probes.length === 0, 'nothing is left of it in status');
});

run();
