// limit: 240 s
/** A keeper or a daemon that is stopped is not dead: nobody takes its place, and nothing is lost when it goes on. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { PROGRAM } from '../rig/daemon.ts';
import { launch } from '../rig/launch.ts';
import type { Status } from '../rig/printed.ts';
import { isAlive } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { jaildaemon, pathsOf, probesOf, scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('stopped');

const ONE = (at: { says: (line: string) => string }) => ({
  BUTTON: { command: at.says('ran'), respawn: 'after' },
});

type Keeper = Status['keeper'] & { readonly state?: string };

function stop(t: Teller, pid: number): void {
  process.kill(pid, 'SIGSTOP');
  t.defer(`let ${pid} go on`, () => isAlive(pid) && process.kill(pid, 'SIGCONT'));
}

async function stopKeeper(t: Teller, s: Scene): Promise<number> {
  const pid = (await s.host.status()).keeper?.pid ?? 0;
  stop(t, pid);
  return pid;
}

async function killDaemon(s: Scene): Promise<void> {
  const pid = await s.host.pid();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the daemon is gone');
}

const keepersOf = (s: Scene): string[] => readdirSync(s.host.state).filter((name) => name.endsWith('.sock'));

tell('a stopped keeper is shown, and said in the log; so is that it goes on', async (t) => {
  const s = await scene(t, ONE);
  await s.host.reaches('web/BUTTON', 'armed');
  const pid = await stopKeeper(t, s);
  const keeper = (await s.host.status()).keeper as Keeper;
  assert.equal([keeper.pid, keeper.state], [pid, 'stopped']);
  const { code, stdout } = await s.host.cli('status');
  assert.is(code, 3);
  assert.match(stdout, new RegExp(`^KEEPER STOPPED: pid ${pid} is stopped`));
  assert.match(await s.host.log(), 'is stopped: triggers wait');
  assert.is((await s.hup()).code, 0);
  assert.equal(await s.lines(), []);
  process.kill(pid, 'SIGCONT');
  assert.equal(await s.reach(1), ['ran']);
  assert.is((await s.host.cli('status')).code, 0);
  assert.match(await s.host.log(), 'goes on');
  // Seen without being asked, too.
  process.kill(pid, 'SIGSTOP');
  const seen = async (): Promise<number> =>
    (await s.host.log()).split('is stopped: triggers wait').length - 1;
  await until(async () => (await seen()) === 2, 'the daemon has seen it by itself');
});

tell('a daemon that starts beside a stopped keeper waits with everything but answers', async (t) => {
  const s = await scene(t, ONE);
  const { pid: probe } = await s.host.reaches('web/BUTTON', 'armed');
  assert.is((await s.hup()).code, 0);
  await s.reach(1);
  await s.host.probe('web/BUTTON', (p) => p.state === 'armed' && p.pid !== probe, 'is back');
  const pid = await stopKeeper(t, s);
  await killDaemon(s);
  assert.is((await s.hup()).code, 0, 'it is there, and hears it when its keeper goes on');
  await s.write((file) => (probesOf(file)['NEW'] = { command: 'true' }));
  const began = Date.now();
  const { code, stderr } = await jaildaemon(['-D', ...pathsOf(s.host)]);
  const took = Date.now() - began;
  assert.is(code, 0, stderr);
  assert.match(stderr, `warning: the keeper, pid ${pid}, is stopped: its probes stay`);
  assert.ok(took < 15_000, `ready after ${took} ms`);
  const keeper = (await s.host.status()).keeper as Keeper;
  assert.equal([keeper.pid, keeper.state], [pid, 'stopped']);
  assert.is((await s.host.cli('status')).code, 3);
  assert.is((await s.host.history()).length, 1);
  assert.is((await s.host.cli('jails')).code, 0);
  assert.is((await s.host.cli('trigger', 'web', 'BUTTON')).code, 75);
  assert.is(keepersOf(s).length, 1, 'no second keeper was started');
  assert.not.ok((await s.jail.ps()).includes('NEW'));

  process.kill(pid, 'SIGCONT');
  await s.host.reaches('web/NEW', 'armed');
  assert.equal(await s.reach(2), ['ran', 'ran']);
  await s.host.probe('web/BUTTON', (p) => p.state === 'armed' && p.runs === 2, 'is back');
  const status = await s.host.status();
  assert.is(status.keeper?.pid, pid);
  assert.is((status.keeper as Keeper).state, undefined);
  assert.is((await s.host.history()).length, 2);
});

tell('a stopped keeper that is killed after all is replaced', async (t) => {
  const s = await scene(t, ONE);
  await s.host.reaches('web/BUTTON', 'armed');
  const pid = await stopKeeper(t, s);
  await killDaemon(s);
  assert.is((await s.host.start()).code, 0);
  process.kill(pid, 'SIGKILL');
  await s.host.reaches('web/BUTTON', 'armed');
  assert.is.not((await s.host.status()).keeper?.pid, pid);
  assert.is(keepersOf(s).length, 1, 'what it has left lies there no more');
});

tell('stop lets a stopped keeper go on first, so that it can end', async (t) => {
  const s = await scene(t, ONE);
  await s.host.reaches('web/BUTTON', 'armed');
  const pid = await stopKeeper(t, s);
  const { code, stderr } = await s.host.cli('stop');
  assert.is(code, 0, stderr);
  assert.not.ok(isAlive(pid));
  assert.match(await s.host.log(), `pid ${pid}, is stopped: it is let go on (SIGCONT)`);
  assert.not.ok((await s.jail.ps()).includes('BUTTON'));
});

tell(
  'who asks for what only a stopped keeper can do is told at once, and nothing is done later',
  async (t) => {
    const s = await scene(t, ONE);
    await s.host.reaches('web/BUTTON', 'armed');
    const pid = await stopKeeper(t, s);
    for (const asked of [
      ['trigger', 'web', 'BUTTON'],
      ['-c', 'true', '-j', 'web'],
    ]) {
      const { code, stderr } = await s.host.cli(...asked);
      assert.is(code, 75, stderr);
      assert.match(stderr, `pid ${pid}, is stopped`);
      assert.match(stderr, 'kill -CONT');
    }
    const upgraded = await s.host.cli('upgrade');
    assert.is(upgraded.code, 0, upgraded.stderr);
    assert.match(upgraded.stdout, `the keeper, pid ${pid}, is stopped`);
    assert.not.match(upgraded.stdout, 'are not now', 'nobody can know that yet');
    const replaced = await s.host.cli('upgrade', '--keeper');
    assert.is(replaced.code, 75, 'the daemon follows, the keeper that it has not heard a word of does not');
    assert.match(replaced.stderr, `the keeper, pid ${pid}, is stopped`);
    assert.match(replaced.stderr, 'kill -CONT');
    process.kill(pid, 'SIGCONT');
    assert.is((await s.host.cli('trigger', 'web', 'BUTTON', '--wait')).code, 0);
    assert.equal(await s.lines(), ['ran'], 'once: what was refused is not done');
    assert.is((await s.host.status()).probes.length, 1);
  },
);

tell('also one that a new daemon has not heard a word of', async (t) => {
  const s = await scene(t, ONE);
  await s.host.reaches('web/BUTTON', 'armed');
  const pid = await stopKeeper(t, s);
  await killDaemon(s);
  assert.is((await s.host.start()).code, 0);
  assert.is((await s.host.cli('stop')).code, 0);
  assert.not.ok(isAlive(pid));
  assert.not.ok((await s.jail.ps()).includes('BUTTON'));
});

tell('a daemon that was stopped beside its successor ends, and starts nothing', async (t) => {
  const s = await scene(t, ONE);
  const { pid: probe } = await s.host.reaches('web/BUTTON', 'armed');
  await killDaemon(s);
  const first = launch(t, 'first', [process.execPath, PROGRAM, '--foreground', ...pathsOf(s.host)]);
  await until(async () => (await s.host.cli('status')).code === 0, 'it is ready');
  const { keeper } = await s.host.status();
  process.kill(first.pid, 'SIGSTOP');
  // Nobody can take its place at its socket, as long as it has not ended.
  const refused = await jaildaemon(['-D', ...pathsOf(s.host)]);
  assert.is(refused.code, 75, refused.stderr);
  assert.match(refused.stderr, `pid ${first.pid}`);
  const other = ['-f', join(s.host.dir, 'sock2'), '-p', join(s.host.dir, 'pid2')];
  const paths = [...pathsOf(s.host), ...other];
  assert.is((await jaildaemon(['-D', ...paths])).code, 0);
  t.defer('end the successor', () => jaildaemon(['stop', '-f', join(s.host.dir, 'sock2')]));
  assert.is((await s.hup()).code, 0);
  await s.reach(1);

  process.kill(first.pid, 'SIGCONT');
  await until(() => first.child.exitCode !== null, 'the first one has ended');
  assert.is(first.child.exitCode, 75);
  assert.match(await s.host.log(), 'another daemon has taken over the keeper; this one ends');
  assert.is(keepersOf(s).length, 1);
  const status = JSON.parse(
    (await jaildaemon(['status', '--json', '-f', join(s.host.dir, 'sock2')])).stdout,
  ) as Status;
  assert.is(status.keeper?.pid, keeper?.pid);
  assert.is(status.probes[0]?.state, 'armed');
  assert.is.not(status.probes[0]?.pid, probe);
  assert.is((await s.jail.ps()).filter((line) => line === 'BUTTON').length, 1);
  assert.equal(await s.lines(), ['ran'], 'and it ran once');
});

run();
