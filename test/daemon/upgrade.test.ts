// limit: 240 s
/** The daemon is started anew, from another program; keeper, probes and commands do not notice. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createControlServer } from '../../src/control/server.ts';
import { upgraded } from '../cli/shapes.ts';
import { PROGRAM } from '../rig/daemon.ts';
import { launch } from '../rig/launch.ts';
import { isAlive } from '../rig/proc.ts';
import type { Status } from '../rig/printed.ts';
import { until } from '../rig/until.ts';
import { jaildaemon, pathsOf, scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('upgrade');

const pidsOf = ({ probes }: Status): Record<string, number | undefined> =>
  Object.fromEntries(probes.map(({ id, pid }) => [id, pid]));

async function ready(s: Scene): Promise<Status> {
  for (const id of ['web/STILL', 'web/AFTER', 'web/SPENT']) await s.host.reaches(id, 'armed');
  assert.is((await s.hup('SPENT')).code, 0);
  await s.host.reaches('web/SPENT', 'spent');
  assert.is((await s.hup('AFTER')).code, 0);
  await s.reach(1);
  await s.host.reaches('web/AFTER', 'running');
  return s.host.status();
}

const probes = (at: { says: (line: string) => string; waits: () => string }) => ({
  STILL: { command: at.says('still'), respawn: 'after' },
  AFTER: { command: `${at.says('begin')}; ${at.waits()}; exit 6`, respawn: 'after' },
  SPENT: { command: 'true' },
});

tell('a detached daemon is followed by another; no probe and no command notices', async (t) => {
  const s = await scene(t, probes);
  const adhoc = (await s.host.cli('-c', s.says('adhoc'), '-j', 'web', '-r', '-t', 'ADHOC')).stdout.trim();
  const before = await ready(s);
  const outcome = await s.host.json<{ before: Status; after: Status; probes: object }>('upgrade');
  upgraded(outcome, 'upgrade');
  const after = await s.host.status();
  assert.not.ok(isAlive(before.daemon.pid));
  assert.is(outcome.before.daemon.pid, before.daemon.pid);
  assert.is(outcome.after.daemon.pid, after.daemon.pid);
  assert.is(after.keeper?.pid, before.keeper?.pid);
  assert.is(after.config.generation, before.config.generation);
  assert.equal(pidsOf(after), pidsOf(before), 'the same processes');
  assert.equal(outcome.probes, { armed: 2, stayed: 2, moved: 0, waiting: 0 });
  assert.match(await s.host.log(), 'ends for an upgrade; keeper, probes and commands go on');

  await s.host.reaches('web/AFTER', 'running');
  await s.host.reaches('web/SPENT', 'spent');
  await s.host.reaches(adhoc, 'armed');
  s.open();
  assert.is((await s.host.reaches('web/AFTER', 'armed')).last?.exitCode, 6);
  assert.is((await s.hup('STILL')).code, 0);
  assert.equal(await s.reach(2), ['begin', 'still']);
  await until(async () => (await s.host.history()).length === 3, 'all three are in the history');
  await s.host.reaches('web/STILL', 'armed');

  const { code, stdout } = await s.host.cli('upgrade');
  assert.is(code, 0);
  assert.match(
    stdout,
    /^upgraded: daemon \S+ pid \d+ is now \S+ pid \d+\nkeeper pid \d+ goes on: 3 of 3 armed/,
  );
});

tell('with --keeper the keeper is replaced too: probes move, its command finishes there', async (t) => {
  const s = await scene(t, (at) => ({
    ...probes(at),
    MANY: { command: `${at.says('many')}; ${at.waits()}`, respawn: 'immediately' },
  }));
  const before = await ready(s);
  assert.is((await s.hup('MANY')).code, 0);
  await s.reach(2);
  const { code, stdout, stderr } = await s.host.cli('upgrade', '--keeper');
  assert.is(code, 0, stderr);
  assert.match(stdout, 'is replaced by pid');
  const after = await s.host.status();
  assert.is.not(after.keeper?.pid, before.keeper?.pid);
  assert.is.not(pidsOf(after)['web/STILL'], pidsOf(before)['web/STILL']);
  await s.host.reaches('web/STILL', 'armed');
  await s.host.reaches('web/MANY', 'armed');
  await s.host.reaches('web/SPENT', 'spent');
  const waits = await s.host.reaches('web/AFTER', 'running');
  assert.match(String(waits.reason), 'moving to the new keeper');
  assert.ok(isAlive(before.keeper?.pid ?? 0));
  assert.is((await s.hup('AFTER')).code, 1, 'it must not overlap, and is not there');
  s.open();
  assert.is((await s.host.reaches('web/AFTER', 'armed')).last?.exitCode, 6);
  await until(() => !isAlive(before.keeper?.pid ?? 0), 'the older keeper has ended');
  assert.is((await s.hup('STILL')).code, 0);
  await s.reach(3);
  const history = await until(async () => {
    const all = await s.host.history();
    return all.length >= 4 && all.every(({ endedAt }) => endedAt !== undefined) ? all : undefined;
  }, 'all four have ended');
  assert.equal(history.map(({ title }) => title).sort(), ['AFTER', 'MANY', 'SPENT', 'STILL']);
});

tell('the new keeper is killed while the older one still leaves: another takes its place', async (t) => {
  const s = await scene(t, probes);
  const before = await ready(s);
  assert.is((await s.host.cli('upgrade', '--keeper')).code, 0);
  const { keeper } = await s.host.status();
  process.kill(keeper?.pid ?? 0, 'SIGKILL');
  await until(() => !isAlive(keeper?.pid ?? 0), 'the new keeper is gone');
  await s.host.reaches('web/STILL', 'armed');
  const after = await s.host.status();
  assert.not.ok([before.keeper?.pid, keeper?.pid].includes(after.keeper?.pid));
  assert.ok(isAlive(before.keeper?.pid ?? 0), 'a command still runs in the older one');
  await s.host.reaches('web/SPENT', 'spent');
  s.open();
  await s.host.reaches('web/AFTER', 'armed');
  await until(() => !isAlive(before.keeper?.pid ?? 0), 'the older keeper has ended');
});

tell('a daemon in the foreground is started again by its supervisor', async (t) => {
  const s = await scene(t, (at) => ({ STILL: { command: at.says('still'), respawn: 'after' } }));
  const { pid } = await s.host.reaches('web/STILL', 'armed');
  // As a supervisor does: what ends with an error is started again.
  process.kill(await s.host.pid(), 'SIGKILL');
  const args = pathsOf(s.host)
    .map((word) => `'${word}'`)
    .join(' ');
  launch(t, 'supervisor', [
    '/bin/sh',
    '-c',
    `until ${process.execPath} ${PROGRAM} --foreground ${args}; do :; done`,
  ]);
  const first = await until(async () => {
    const { code, stdout } = await s.host.cli('status', '--json');
    return code === 0 ? (JSON.parse(stdout) as Status) : undefined;
  }, 'it runs in the foreground');
  const { code, stdout, stderr } = await s.host.cli('upgrade');
  assert.is(code, 0, stderr);
  assert.match(stdout, '1 of 1 armed probes kept their process');
  const second = await s.host.status();
  assert.is.not(second.daemon.pid, first.daemon.pid);
  assert.is(second.probes[0]?.pid, pid);
  // An orderly stop is no error: it is not started again.
  assert.is((await s.host.cli('stop')).code, 0);
});

tell('the file is broken at that moment: what held before goes on', async (t) => {
  const s = await scene(t, (at) => ({ STILL: { command: at.says('still'), respawn: 'after' } }));
  const { pid } = await s.host.reaches('web/STILL', 'armed');
  await s.host.edit('jails: [');
  const { code, stderr } = await s.host.cli('upgrade');
  assert.is(code, 0, stderr);
  const status = await s.host.status();
  assert.ok(status.config.error);
  assert.is(status.probes[0]?.pid, pid);
});

tell('the new daemon cannot start: it says why, and what goes on', async (t) => {
  const s = await scene(t, (at) => ({ STILL: { command: at.says('still'), respawn: 'after' } }));
  const { pid } = await s.host.reaches('web/STILL', 'armed');
  const state = join(s.host.state, 'state.json');
  await writeFile(state, '{');
  const { code, stderr } = await s.host.cli('upgrade');
  assert.is(code, 1, stderr);
  assert.match(stderr, `${state} is spoiled`);
  assert.match(stderr, 'keeper, probes and commands go on');
  assert.ok(isAlive(pid ?? 0));
  assert.is((await s.hup('STILL')).code, 0);
  await s.reach(1);
  await writeFile(state, '');
  await s.host.start();
  assert.is((await s.host.history()).length, 1);
});

tell('a daemon that does not know the command yet: what to do is said', async (t) => {
  const path = join(t.dir, 'older');
  // An older release: the same server with fewer verbs.
  const status = { daemon: { pid: 4711, version: '0.9.0' }, config: {} };
  const server = createControlServer(
    (verb) => (verb === 'status' || verb === 'hello' ? async () => status : undefined),
    () => {},
  );
  server.listen(path);
  await once(server, 'listening');
  t.defer('close it', () => server.close());
  const { code, stderr } = await jaildaemon(['upgrade', '-f', path]);
  assert.is(code, 1);
  assert.match(stderr, 'pid 4711, version 0.9.0, does not know "upgrade" yet; nothing was changed');
  assert.match(stderr, '"kill -KILL 4711" is safe');
});

tell('-D beside a daemon that runs tells how to upgrade', async (t) => {
  const s = await scene(t, () => ({}));
  const { daemon } = await s.host.status();
  const { code, stderr } = await jaildaemon(['-D', ...pathsOf(s.host)]);
  assert.is(code, 75);
  assert.match(stderr, `pid ${daemon.pid}, version ${daemon.version}`);
  assert.match(stderr, '"jaildaemon upgrade"');
});

run();
