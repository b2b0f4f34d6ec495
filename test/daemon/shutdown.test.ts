// limit: 240 s
/** The ends of daemon and machine: in order, twice at once, while it starts, and with all power gone. */
import { existsSync, linkSync, readdirSync } from 'node:fs';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { PROGRAM } from '../rig/daemon.ts';
import { launch } from '../rig/launch.ts';
import { isAlive, withArgument } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { jaildaemon, pathsOf, scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('shutdown');

const socketsOf = (s: Scene): string[] => readdirSync(s.host.state).filter((name) => name.endsWith('.sock'));

async function killBoth(s: Scene): Promise<void> {
  const { daemon, keeper } = await s.host.status();
  for (const pid of [daemon.pid, keeper?.pid ?? 0]) process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(daemon.pid) && !isAlive(keeper?.pid ?? 0), 'both are gone');
}

tell('a second TERM and a stop during the grace wait for the same, and start nothing', async (t) => {
  const s = await scene(
    t,
    (at) => ({
      BUTTON: { command: `${at.says('begin')}; ${at.waits()}; ${at.says('end')}`, respawn: 'after' },
      OTHER: { command: at.says('never'), respawn: 'after' },
    }),
    { settings: { grace: '30s' } },
  );
  const other = await s.host.reaches('web/OTHER', 'armed');
  await s.host.reaches('web/BUTTON', 'armed');
  const { daemon, keeper } = await s.host.status();
  await s.hup();
  await s.reach(1);
  process.kill(daemon.pid, 'SIGTERM');
  await until(() => !isAlive(other.pid ?? 0), 'the other probe is away at once');
  process.kill(daemon.pid, 'SIGTERM');
  process.kill(daemon.pid, 'SIGHUP');
  const stopping = launch(t, 'stop', [process.execPath, PROGRAM, 'stop', '-f', s.host.socket]);
  // A change of the file is no reason to arm anything any more.
  await s.write(
    (file) => (file.jails['web'] = { ...file.jails['web'], probes: { NEW: { command: 'true' } } }),
  );
  await until(() => stopping.told().includes('waiting for'), 'it says for what it waits');
  assert.match(await s.host.log(), 'waiting for 1 command: web/BUTTON');
  assert.equal(
    (await s.jail.ps()).filter((line) => ['BUTTON', 'OTHER', 'NEW'].includes(line)),
    [],
  );
  s.open();
  await until(() => stopping.child.exitCode !== null, 'stop has ended');
  assert.is(stopping.child.exitCode, 0);
  assert.match(
    stopping.told(),
    /^waiting for 1 command: web\/BUTTON \(\S+\); 30 s, then TERM, and KILL at most 10 s later\nstopped: daemon/,
  );
  await until(() => !isAlive(daemon.pid) && !isAlive(keeper?.pid ?? 0), 'both have ended');
  assert.equal(await s.lines(), ['begin', 'end']);
  assert.equal(socketsOf(s), []);
  for (const path of [s.host.socket, join(s.host.dir, 'pid')]) assert.not.ok(existsSync(path), path);
});

tell(
  'the daemon is killed while it stops: the next one arms at once, beside commands of the grace',
  async (t) => {
    const s = await scene(
      t,
      (at) => ({
        LONG: { command: `${at.says('begin')}; ${at.waits()}; ${at.says('end')}`, respawn: 'after' },
        OTHER: { command: at.says('other'), respawn: 'after' },
      }),
      { settings: { grace: '40s' } },
    );
    await s.host.reaches('web/OTHER', 'armed');
    await s.host.reaches('web/LONG', 'armed');
    await s.hup('LONG');
    await s.reach(1);
    const { daemon, keeper } = await s.host.status();
    process.kill(daemon.pid, 'SIGTERM');
    await until(async () => !(await s.jail.ps()).includes('OTHER'), 'the probes are taken away');
    process.kill(daemon.pid, 'SIGKILL');
    await until(() => !isAlive(daemon.pid), 'the daemon is gone');
    assert.is((await s.host.start()).code, 0);
    const status = await s.host.status();
    assert.is.not(status.keeper?.pid, keeper?.pid, 'one that ends is no keeper to arm in');
    assert.is(status.probes.find(({ id }) => id === 'web/OTHER')?.state, 'armed');
    assert.is((await s.hup('OTHER')).code, 0);
    await s.reach(2);
    assert.is(status.probes.find(({ id }) => id === 'web/LONG')?.state, 'running', 'it still has its grace');
    s.open();
    await s.host.reaches('web/LONG', 'armed');
    await until(() => !isAlive(keeper?.pid ?? 0), 'the older keeper has ended');
    assert.equal(await s.lines(), ['begin', 'other', 'end']);
    assert.ok((await s.host.history()).every(({ exitCode }) => exitCode === 0));
  },
);

tell(
  'the keeper is killed during the grace: its commands are waited for, and ended, all the same',
  async (t) => {
    const s = await scene(
      t,
      (at) => ({
        SHORT: { command: `${at.says('$$')}; ${at.waits()}` },
        LONG: { command: `${at.says('$$')}; trap '' TERM; ${at.waits('never')}`, kill_after: '200ms' },
      }),
      { settings: { grace: '4s' } },
    );
    for (const title of ['SHORT', 'LONG']) await s.host.reaches(`web/${title}`, 'armed');
    for (const title of ['SHORT', 'LONG']) await s.hup(title);
    const pids = (await s.reach(2)).map(Number);
    const { keeper } = await s.host.status();
    const stopping = s.host.cli('stop');
    await until(async () => (await s.host.log()).includes('waiting for 2 commands'), 'it waits for both');
    process.kill(keeper?.pid ?? 0, 'SIGKILL');
    s.open();
    assert.is((await stopping).code, 0);
    assert.equal(pids.filter(isAlive), [], 'nothing runs any more');
    assert.equal(readdirSync(join(s.host.state, 'running')), [], 'the history has both');
    await s.host.start();
    const history = await s.host.history();
    assert.equal(
      history.map(({ fate }) => fate),
      ['unknown', 'unknown'],
    );
  },
);

tell('the host shuts down: TERM to everybody is no request', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: at.says('ran'), respawn: 'after' },
    ONCE: { command: at.says('once') },
    LONG: { command: `${at.says('begin')}; ${at.waits()}`, respawn: 'after' },
  }));
  for (const key of ['BUTTON', 'ONCE', 'LONG']) await s.host.reaches(`web/${key}`, 'armed');
  await s.hup('LONG');
  await s.reach(1);
  await s.host.reaches('web/LONG', 'running');
  const { daemon, keeper, probes } = await s.host.status();
  const [marker = ''] = readdirSync(join(s.host.state, 'running'));
  const command = Number((await readlink(join(s.host.state, 'running', marker))).split(' ')[0]);
  for (const pid of [...probes.flatMap(({ pid }) => pid ?? []), -command, keeper?.pid ?? 0, daemon.pid])
    process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(daemon.pid) && !isAlive(keeper?.pid ?? 0), 'both have ended');
  assert.equal(await s.lines(), ['begin']);
  await s.host.start();
  const history = await s.host.history();
  assert.is(history.length, 1);
  assert.is(history[0]?.signal, 'SIGTERM');
});

tell('TERM while it starts: it ends at once, and leaves nothing', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`B-${i}`, { command: 'true' }]));
  const s = await scene(t, () => many);
  assert.is((await s.host.cli('stop')).code, 0);
  for (let round = 0; round < 3; round++) {
    const starting = launch(t, `start-${round}`, [
      process.execPath,
      PROGRAM,
      '--foreground',
      ...pathsOf(s.host),
    ]);
    // First before it has anything, then when its keeper is there.
    await until(
      () => (round === 0 ? existsSync(join(s.host.dir, 'pid')) : socketsOf(s).length > 0),
      'it is on its way',
    );
    process.kill(starting.pid, 'SIGTERM');
    await until(() => starting.child.exitCode !== null, 'it has ended');
    assert.is(starting.child.exitCode, 0, starting.told());
    await until(() => withArgument(s.host.state).length === 0, 'no keeper is left');
    assert.equal(socketsOf(s), []);
    assert.not.ok(existsSync(s.host.socket));
    assert.equal(
      (await s.jail.ps()).filter((line) => line.startsWith('B-')),
      [],
    );
  }
});

tell('the machine is started anew: what was true of another life is forgotten', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran') }, SPENT: { command: 'true' } }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.host.cli('-c', 'true', '-j', 'web', '-r', '-t', 'ADHOC');
  await s.hup('SPENT');
  await s.host.reaches('web/SPENT', 'spent');
  await killBoth(s);
  // As after a boot: another boot id, and sockets of whom nobody remembers.
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).slice(0, 8);
  const state = join(s.host.state, 'state.json');
  await writeFile(state, (await readFile(state, 'utf8')).replaceAll(`"${boot}:`, '"00000000:'));
  for (const epoch of ['00000001', '00000002']) await leaveSocket(join(s.host.state, `keeper.${epoch}.sock`));
  assert.is((await s.host.start()).code, 0);
  await s.host.reaches('web/BUTTON', 'armed');
  await s.host.reaches('web/SPENT', 'armed');
  const { probes } = await s.host.status();
  assert.not.ok(
    probes.some(({ origin }) => origin === 'ad-hoc'),
    'its life is over',
  );
  assert.is(socketsOf(s).length, 1, 'the stale ones are gone');
  const history = await s.host.history();
  assert.equal(
    history.map(({ title, exitCode }) => [title, exitCode]),
    [['SPENT', 0]],
  );
});

/** A socket behind which nobody listens any more. */
async function leaveSocket(path: string): Promise<void> {
  const aside = `${path}.aside`;
  const server = createServer().listen(aside);
  await new Promise((resolve) => server.once('listening', resolve));
  linkSync(aside, path);
  await new Promise((resolve) => server.close(resolve));
}

tell(
  'a command that ended between the death of its keeper and the next daemon is in the history',
  async (t) => {
    const s = await scene(t, (at) => ({
      BUTTON: { command: `${at.says('begin')}; ${at.waits()}; ${at.says('end')}`, respawn: 'after' },
    }));
    await s.host.reaches('web/BUTTON', 'armed');
    const { daemon, keeper } = await s.host.status();
    // Nobody is told that it was fired.
    process.kill(daemon.pid, 'SIGKILL');
    await until(() => !isAlive(daemon.pid), 'the daemon is gone');
    assert.is((await s.hup()).code, 0);
    await s.reach(1);
    process.kill(keeper?.pid ?? 0, 'SIGKILL');
    s.open();
    assert.equal(await s.reach(2), ['begin', 'end']);
    const [marker = ''] = readdirSync(join(s.host.state, 'running'));
    const command = Number((await readlink(join(s.host.state, 'running', marker))).split(' ')[0]);
    await until(() => !isAlive(command), 'its command has ended');
    await s.host.start();
    await s.host.reaches('web/BUTTON', 'armed');
    const [entry, ...others] = await s.host.history();
    assert.equal(others, []);
    assert.equal([entry?.id, entry?.title, entry?.fate], [marker, 'BUTTON', 'unknown']);
  },
);

tell('-D that fails tells why in words that are fit for a terminal', async (t) => {
  const s = await scene(t, () => ({}));
  await s.host.cli('stop');
  const { code, stderr } = await jaildaemon([
    '-D',
    ...pathsOf(s.host),
    '-p',
    join(s.host.dir, 'no\u001b[2J', 'pid'),
  ]);
  assert.ok(code !== 0);
  assert.match(stderr, 'no\\e[2J');
  assert.not.match(stderr, '\u001b');
  await s.host.start();
});

run();
