/** The daemon dies: probes stay, commands run, nothing is lost. The keeper dies: no dead button stays anywhere. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isAlive, startOf, withArgument } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { must } from '../rig/execute.ts';
import { jaildaemon, killKeeper, pathsOf, probesOf, scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('crash');

tell(
  'the daemon is killed: probes stay, and what happens meanwhile is in the history afterwards',
  async (t) => {
    const s = await scene(t, (at) => ({
      ONCE: { command: at.says('once') },
      SPENT: { command: at.says('spent') },
      AFTER: { command: `${at.says('after')}; exit 4`, respawn: 'after' },
      STILL: { command: at.says('still') },
    }));
    await s.host.reaches('web/STILL', 'armed');
    const { stdout: adhoc } = await s.host.cli('-c', s.says('adhoc'), '-j', 'web', '-r', '-t', 'ADHOC');
    await s.hup('SPENT');
    await s.host.reaches('web/SPENT', 'spent');
    const before = await s.host.status();
    await killDaemon(s);

    assert.is((await s.hup('ONCE')).code, 0);
    assert.is((await s.hup('AFTER')).code, 0);
    assert.is((await s.hup('ADHOC')).code, 0);
    await s.reach(4);
    await until(async () => (await s.jail.ps()).includes('AFTER'), 'it was armed again with no daemon there');
    assert.is((await s.hup('AFTER')).code, 0);
    await s.reach(5);

    assert.is((await s.host.start()).code, 0);
    const after = await s.host.status();
    assert.is(after.keeper?.pid, before.keeper?.pid, 'the same keeper');
    assert.is(after.config.generation, before.config.generation);
    const still = (status: typeof before) => status.probes.find(({ id }) => id === 'web/STILL')?.pid;
    assert.is(still(after), still(before), 'the same process');
    const states = Object.fromEntries(after.probes.map(({ id, state }) => [id, state]));
    assert.is(states['web/ONCE'], 'spent');
    assert.is(states['web/SPENT'], 'spent');
    await s.host.reaches('web/AFTER', 'armed');
    await s.host.reaches(adhoc.trim(), 'armed');

    const history = await until(async () => {
      const all = await s.host.history();
      return all.length >= 5 && all.every((entry) => entry.endedAt !== undefined) ? all : undefined;
    }, 'the history has them all');
    assert.equal(history.map(({ title }) => title).sort(), ['ADHOC', 'AFTER', 'AFTER', 'ONCE', 'SPENT']);
    assert.is(new Set(history.map(({ id }) => id)).size, 5);
    assert.equal(
      history.filter(({ title }) => title === 'AFTER').map(({ exitCode }) => exitCode),
      [4, 4],
    );
    assert.is(after.probes.find(({ id }) => id === 'web/AFTER')?.runs, 2);
    assert.equal((await s.lines()).sort(), ['adhoc', 'after', 'after', 'once', 'spent'], 'nothing ran twice');
  },
);

tell('the daemon is killed while a command runs: what it prints from then on is read and kept', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: `${at.says('begin')}; ${at.waits()}; echo printed; echo again; exit 5` },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.hup();
  await s.reach(1);
  await s.host.reaches('web/BUTTON', 'running');
  await killDaemon(s);
  await s.host.start();
  s.open();
  const { last } = await s.host.reaches('web/BUTTON', 'spent');
  assert.is(last?.exitCode, 5, JSON.stringify(last));
  const printed = async (): Promise<string> => (await s.host.cli('output', last?.id ?? '')).stdout;
  await until(async () => (await printed()) === 'printed\nagain\n', 'all of it is kept', { last: printed });
});

tell('the daemon is killed while a command runs: the next one knows it, and how it ends', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: `${at.says('begin')}; ${at.waits()}; exit 5`, respawn: 'after' },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.hup();
  await s.reach(1);
  await killDaemon(s);
  await s.host.start();
  assert.is((await s.host.history())[0]?.fate, 'running');
  await s.host.reaches('web/BUTTON', 'running');
  s.open();
  const back = await s.host.reaches('web/BUTTON', 'armed');
  assert.is(back.last?.exitCode, 5);
  assert.is(back.runs, 1);
});

tell('the daemon is killed again and again, while there are triggers: each is counted once', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }), {
    settings: { brake: { triggers: 0 } },
  });
  await s.host.reaches('web/BUTTON', 'armed');
  for (let round = 1; round <= 4; round++) {
    const asking = s.jail.run(
      // A dead one that was not yet buried may be found again: only another pid is another request.
      `n=0; last=; while [ $n -lt 10 ]; do
         pid=$(/usr/bin/pgrep -f '^BUTTON$') && [ "$pid" != "$last" ] && kill -HUP "$pid" && last=$pid && n=$((n+1))
       done`,
    );
    await s.reach(10 * round - 8);
    await killDaemon(s);
    assert.is((await asking).code, 0);
    await s.reach(10 * round);
    assert.is((await s.host.start()).code, 0);
  }
  await until(async () => (await s.host.history()).every(({ endedAt }) => endedAt), 'all have ended');
  const history = JSON.parse(
    `[${(await s.host.cli('history', '--json', '-n', '1000')).stdout.trim().split('\n').join()}]`,
  ) as { id: string }[];
  assert.is(history.length, 40);
  assert.is(new Set(history.map(({ id }) => id)).size, 40);
  assert.is((await s.lines()).length, 40);
  assert.is((await s.host.status()).probes[0]?.runs, 40);
});

tell('the keeper is killed: probes are gone at once, and armed again by a new one', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: at.says('ran') },
    SPENT: { command: 'true' },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  const adhoc = (await s.host.cli('-c', s.says('adhoc'), '-j', 'web', '-t', 'ADHOC')).stdout.trim();
  await s.hup('SPENT');
  await s.host.reaches('web/SPENT', 'spent');
  const before = await s.host.status();
  const probes = before.probes.flatMap(({ pid }) => pid ?? []);
  process.kill(before.keeper?.pid ?? 0, 'SIGKILL');
  await until(() => probes.every((pid) => !isAlive(pid)), 'every probe is gone with it');
  const again = await s.host.probe(
    'web/BUTTON',
    (p) => p.state === 'armed' && !probes.includes(p.pid ?? 0),
    'is back',
  );
  assert.is(again.runs, 0, 'its death was no request');
  assert.match(await s.host.log(), /keeper [0-9a-f]{8} has ended, and every probe with it/);
  await s.host.reaches(adhoc, 'armed');
  await s.host.reaches('web/SPENT', 'spent');
  assert.is.not((await s.host.status()).keeper?.pid, before.keeper?.pid);
  assert.is((await s.hup()).code, 0);
  assert.equal(await s.reach(1), ['ran']);
});

tell(
  'the keeper is killed before it could tell that a command ran and ended: the history has it',
  async (t) => {
    const s = await scene(t, (at) => ({
      BUTTON: { command: at.says('button') },
      AGAIN: { command: at.says('again'), respawn: 'after' },
    }));
    await s.host.reaches('web/AGAIN', 'armed');
    const { keeper } = await s.host.status();
    await killDaemon(s);
    await s.hup();
    await s.hup('AGAIN');
    await s.reach(2);
    await until(
      async () => (await s.jail.ps()).includes('AGAIN'),
      'it was armed again: its command has ended',
    );
    process.kill(keeper?.pid ?? 0, 'SIGKILL');
    const { BUTTON = {} } = probesOf(s.file);
    await s.write((file) => delete probesOf(file)['BUTTON']);
    assert.is((await s.host.start()).code, 0);
    await s.host.reaches('web/AGAIN', 'armed');
    await s.write((file) => (probesOf(file)['BUTTON'] = BUTTON));
    // It fired, and so it is spent, whoever was told, and whether it was in the file just then.
    assert.is((await s.host.reaches('web/BUTTON', 'spent')).runs, 1);
    const history = await until(async () => {
      const all = await s.host.history();
      return all.length === 2 && all.every(({ fate }) => fate === 'unknown') ? all : undefined;
    }, 'the history knows both, and not how they ended');
    assert.equal(history.map(({ probe }) => probe).sort(), ['web/AGAIN', 'web/BUTTON']);
    await until(() => readdirSync(join(s.host.state, 'running')).length === 0, 'their markers are gone');

    // What has come to the history is not told again by the next keeper.
    await s.hup('AGAIN');
    await s.reach(3);
    await until(
      async () => (await s.host.history()).some(({ exitCode }) => exitCode === 0),
      'its end is told',
    );
    process.kill((await s.host.status()).keeper?.pid ?? 0, 'SIGKILL');
    await s.host.probe(
      'web/AGAIN',
      ({ state, pid }) => state === 'armed' && pid !== undefined,
      'is there again',
    );
    const last = (await s.host.history()).filter(({ title }) => title === 'AGAIN');
    assert.equal(last.map(({ fate, exitCode }) => fate ?? exitCode).sort(), [0, 'unknown']);
  },
);

tell('both are killed and the jail starts anew: what fired belongs to its former life', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran') } }));
  const { instance } = await s.host.reaches('web/BUTTON', 'armed');
  await s.host.cli('-c', s.says('adhoc'), '-j', 'web', '-t', 'ADHOC');
  const { keeper } = await s.host.status();
  await killDaemon(s);
  await s.hup();
  await s.reach(1);
  await s.hup('ADHOC');
  await s.reach(2);
  process.kill(keeper?.pid ?? 0, 'SIGKILL');
  await s.jail.restart();
  assert.is((await s.host.start()).code, 0);
  assert.is.not((await s.host.reaches('web/BUTTON', 'armed')).instance, instance);
  const history = await s.host.history();
  // The ad hoc probe, which belonged to that life, is forgotten, and yet it is known whose command that was.
  assert.equal(
    history.map(({ jail, title, fate }) => [jail, title, fate]),
    [
      ['web', 'BUTTON', 'unknown'],
      ['web', 'ADHOC', 'unknown'],
    ],
  );
  assert.ok(history.every((entry) => entry.instance === instance));
});

tell(
  'the keeper is killed between the fork of a command and its marker: it is found a little later',
  async (t) => {
    const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }));
    const { instance = '' } = await s.host.reaches('web/BUTTON', 'armed');
    const before = await s.host.status();
    process.kill(before.keeper?.pid ?? 0, 'SIGKILL');
    await s.host.probe(
      'web/BUTTON',
      (p) => p.state === 'armed' && p.pid !== before.probes[0]?.pid,
      'is back',
    );
    // Such a command, which had not come so far when the daemon looked.
    const command = spawn('sleep', ['1000'], { detached: true });
    t.defer('end it', () => command.kill('SIGKILL'));
    const pid = command.pid ?? 0;
    const moment = Number(startOf(pid)) * 10;
    symlinkSync(`${pid} ${moment} ${instance} web/BUTTON`, join(s.host.state, 'running', '0000beef-7'));
    const found = async () => (await s.host.history()).find(({ id }) => id === '0000beef-7');
    await until(async () => (await found())?.fate === 'running', 'the history knows it');
    command.kill('SIGKILL');
    await until(async () => (await found())?.fate === 'unknown', 'it has ended, nobody saw how');
  },
);

tell('ad hoc probes whose title is another’s by the time of the next daemon are forgotten', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  for (const title of ['MINE', 'TWICE']) await s.host.cli('-c', 'true', '-j', 'web', '-r', '-t', title);
  await killDaemon(s);
  await s.write((file) => (probesOf(file)['MINE'] = { command: s.says('the file’s') }));
  // As if it had died before it refused the second of two that were asked for at once.
  const state = join(s.host.state, 'state.json');
  const facts = JSON.parse(readFileSync(state, 'utf8')) as { adhoc: { id: string }[] };
  facts.adhoc.push({ ...facts.adhoc[1], id: 'adhoc/3' });
  await writeFile(state, JSON.stringify(facts));
  assert.is((await s.host.start()).code, 0);
  const ids = async (): Promise<string[]> => (await s.host.status()).probes.map(({ id }) => id).sort();
  assert.equal(await ids(), ['adhoc/2', 'web/BUTTON', 'web/MINE']);
  assert.match(await s.host.log(), 'adhoc/1: forgotten: the title "MINE" is that of web/MINE');
  assert.match(await s.host.log(), 'adhoc/3: forgotten: the title "TWICE" is that of adhoc/2');
  await s.host.reaches('web/MINE', 'armed');
  const shown = (await s.jail.ps()).filter((line) => ['MINE', 'TWICE'].includes(line));
  assert.equal(shown.sort(), ['MINE', 'TWICE'], 'one of each');
  assert.is((await s.hup('MINE')).code, 0);
  assert.equal(await s.reach(1), ['the file’s']);
  await s.write((file) => delete probesOf(file)['MINE']);
  await until(
    async () => (await ids()).length === 2,
    'the file’s is removed, and no other comes in its place',
  );
});

tell('the keeper is killed: what it had counted and measured holds for the next one too', async (t) => {
  const s = await scene(t, (at) => ({
    COOL: { command: 'true', respawn: 'after', cooldown: '6s' },
    TWO: { command: at.waits('two'), respawn: 'immediately', concurrency: 2 },
    NEVER: { command: at.waits('never'), respawn: 'after' },
    STILL: { command: 'true' },
  }));
  await s.host.reaches('web/NEVER', 'armed');
  for (let runs = 1; runs <= 2; runs++) {
    await until(async () => (await s.hup('TWO')).code === 0, 'it is there');
    await s.host.probe('web/TWO', (probe) => probe.runs === runs, 'has fired');
  }
  await s.hup('NEVER');
  await s.host.reaches('web/NEVER', 'running');
  await s.write((file) => Object.assign(probesOf(file)['NEVER'] ?? {}, { respawn: 'never' }));
  await s.host.probe('web/NEVER', ({ respawn }) => respawn === 'never', 'is to run once');
  await s.hup('COOL');
  await s.host.probe('web/COOL', ({ last }) => last?.exitCode === 0, 'has run');
  await killKeeper(s);
  await s.host.reaches('web/STILL', 'armed');
  const { probes } = await s.host.status();
  const states = Object.fromEntries(probes.map(({ id, state, reason }) => [id, [state, reason]]));
  assert.equal(states['web/COOL'], ['cooling', 'cooldown after its last trigger']);
  for (const id of ['web/TWO', 'web/NEVER']) assert.is(states[id]?.[0], 'running', id);
  const inside = await s.jail.ps();
  assert.equal(
    ['COOL', 'TWO', 'NEVER', 'STILL'].filter((title) => inside.includes(title)),
    ['STILL'],
  );
  s.open('two');
  s.open('never');
  await s.host.reaches('web/TWO', 'armed');
  await s.host.reaches('web/NEVER', 'spent');
  const { since, last } = await s.host.reaches('web/COOL', 'armed');
  assert.ok(Date.parse(since) - Date.parse(last?.firedAt ?? '') >= 6_000, `${last?.firedAt} to ${since}`);
});

tell('both are killed: nothing is left in the jail, and everything comes back', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran') }, SPENT: { command: 'true' } }));
  await s.host.reaches('web/BUTTON', 'armed');
  const adhoc = (await s.host.cli('-c', 'true', '-j', 'web', '-r', '-t', 'ADHOC')).stdout.trim();
  await s.hup('SPENT');
  await s.host.reaches('web/SPENT', 'spent');
  const { keeper } = await s.host.status();
  await killDaemon(s);
  process.kill(keeper?.pid ?? 0, 'SIGKILL');
  await until(async () => !(await s.jail.ps()).includes('BUTTON'), 'the jail is empty of probes');
  assert.is((await s.host.start()).code, 0);
  await s.host.reaches('web/BUTTON', 'armed');
  await s.host.reaches('web/SPENT', 'spent');
  await s.host.reaches(adhoc, 'armed');
});

tell(
  'while no keeper can be started status leads with that and exits 3, and one is as soon as it can be',
  async (t) => {
    const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
    await s.host.reaches('web/BUTTON', 'armed');
    const running = join(s.host.state, 'running');
    await rename(running, `${running}.away`);
    await writeFile(running, '');
    process.kill((await s.host.status()).keeper?.pid ?? 0, 'SIGKILL');
    const status = await until(async () => {
      const now = await s.host.cli('status');
      return now.stdout.startsWith('NO KEEPER: no probe is armed') ? now : undefined;
    }, 'status says that there is none');
    assert.is(status.code, 3);
    assert.is((await s.host.cli('status', 'another', '--json')).code, 3, 'whatever was asked for');
    await rm(running);
    await rename(`${running}.away`, running);
    await s.host.reaches('web/BUTTON', 'armed');
    assert.is((await s.host.cli('status')).code, 0);
  },
);

tell('a file that was broken meanwhile costs no probe while the keeper lives', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }));
  const before = await s.host.reaches('web/BUTTON', 'armed');
  await killDaemon(s);
  await s.host.edit('jails: [');
  assert.is((await s.host.start()).code, 0);
  const status = await s.host.status();
  assert.ok(status.config.error);
  assert.is(status.config.generation, 1);
  assert.is(status.probes[0]?.pid, before.pid);
  assert.is((await s.host.cli('status')).code, 3);
  assert.is((await s.hup()).code, 0);
  await s.reach(1);
  // Mended, it is a generation again.
  await s.write((file) => (probesOf(file)['OTHER'] = { command: 'true' }));
  await s.host.reaches('web/OTHER', 'armed');
  const mended = await s.host.status();
  assert.is(mended.config.error, undefined);
  assert.is(mended.config.generation, 2);

  // Without a keeper there is nothing to go on with.
  await killDaemon(s);
  process.kill(mended.keeper?.pid ?? 0, 'SIGKILL');
  await until(() => !isAlive(mended.keeper?.pid ?? 0), 'the keeper is gone');
  await s.host.edit('jails: [');
  const { code, stderr } = await jaildaemon(['-D', ...pathsOf(s.host)]);
  assert.is(code, 78, stderr);
  assert.match(stderr, `${s.host.config}:1:`);
});

tell(
  'a keeper that turns the next daemon away lives: none is started beside it, nor is it ended',
  async (t) => {
    const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }));
    const { pid } = await s.host.reaches('web/BUTTON', 'armed');
    const keeper = (await s.host.status()).keeper?.pid ?? 0;
    const withLine = descriptorsOf(keeper).size;
    await killDaemon(s);
    await until(() => descriptorsOf(keeper).size < withLine, 'it has closed the line');
    const limit = (most: string): Promise<string> =>
      must('prlimit', ['--pid', String(keeper), `--nofile=${most}`]);
    const before = /^Max open files +(\d+) +(\d+)/m.exec(readFileSync(`/proc/${keeper}/limits`, 'utf8'));
    // It may use the spare descriptor alone: with that it closes every line that is opened to it.
    await limit(`${lowestFree(keeper)}:${before?.[2]}`);
    const { code, stderr } = await s.host.start();
    assert.is(code, 69, stderr);
    assert.match(stderr, /keeper [0-9a-f]{8} lives, but closes every line to it at once/);
    assert.equal(withArgument(s.host.state), [keeper], 'it is there, and it alone');
    assert.match(await s.host.log(), /the line to keeper [0-9a-f]{8} has broken/);
    assert.not.match(await s.host.log(), 'has ended');

    await limit(`${before?.[1]}:${before?.[2]}`);
    assert.is((await s.host.start()).code, 0);
    assert.is((await s.host.status()).keeper?.pid, keeper);
    assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, pid, 'the same process');
    assert.is((await s.hup()).code, 0);
    assert.equal(await s.reach(1), ['ran']);
  },
);

run();
function descriptorsOf(pid: number): ReadonlySet<number> {
  return new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
}

/** The descriptor that its next open(2) would give. */
function lowestFree(pid: number): number {
  const taken = descriptorsOf(pid);
  for (let fd = 0; ; fd++) if (!taken.has(fd)) return fd;
}

async function killDaemon(s: Scene): Promise<void> {
  const pid = await s.host.pid();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the daemon is gone');
  assert.ok(existsSync(s.host.socket), 'it had no time to clean up');
}
