import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { untilThere } from '../rig/gate.ts';
import { chroot } from '../rig/kinds/chroot.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { isAlive, killExactly, missing, startOf } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import type { Fields } from '../../src/keeper/frame.ts';
import { byChroot, definition, keeper, kill, type Told } from './rig.ts';

const test = suite('keeper: commands');
const unless = chroot.available() ?? unshared.available();
const noStrace = unless ?? missing('strace');

/** A keeper, and a way to arm a probe in a directory and hang it up. */
async function scene(t: Teller) {
  const held = await keeper(t);
  const { client } = held;
  const arm = (key: string, fields: Fields = {}): Promise<Told> =>
    client.order('arm', definition(key, t.unique('X'), byChroot(t.dir), fields));
  const hangUp = async (key: string): Promise<void> =>
    kill(String((await client.next('armed', key))['pid']), 'SIGHUP');
  let count = 0;
  const run = async (fields: Fields): Promise<Told> => {
    const key = `run-${++count}`;
    await arm(key, { respawn: 'never', ...fields });
    await hangUp(key);
    return client.next('finished', key);
  };
  return { ...held, arm, hangUp, run };
}

const sh = (text: string): Fields => ({ arg: ['/bin/sh', '-c', text] });
const written = async (path: string): Promise<string> =>
  until(
    async () => (await readFile(path, 'utf8').catch(() => '')).endsWith('\n') && readFile(path, 'utf8'),
    `${path} is written`,
  );

/** From now on this call takes the keeper's children so long that it looks stuck. */
async function slowDown(t: Teller, pid: number, call: string): Promise<void> {
  const what = ['-e', `trace=${call}`, '-e', `inject=${call}:delay_enter=1s`];
  const tracer = spawn('strace', ['-f', '-p', String(pid), '-o', join(t.dir, 'trace'), ...what], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.defer('end the tracer', () => tracer.kill('SIGKILL'));
  let said = '';
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => said.includes('attached'), 'the keeper is traced', { last: () => said });
}

story(test, 'a command starts clean', { unless }, async (t) => {
  const { run, client } = await scene(t);
  const out = join(t.dir, 'out');
  const text = `{ env | sort; cat /proc/self/status; ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/0; umask; ulimit -Sn; pwd; cut -d' ' -f6 /proc/$$/stat; echo $$; } > ${out}.new; mv ${out}.new ${out}`;
  const finished = await run({
    ...sh(text),
    env: ['PATH=/usr/bin:/bin', 'JAIL_NAME=a b', 'TRIGGER_ID=forged'],
    cwd: '/tmp',
  });
  assert.is(finished['exit'], '0');
  const lines = (await written(out)).trim().split('\n');
  assert.ok(lines.includes('JAIL_NAME=a b'));
  assert.ok(lines.includes(`TRIGGER_ID=${finished['id']}`));
  assert.not.ok(lines.includes('TRIGGER_ID=forged'));
  const zero = /:\t0+$/;
  for (const name of ['SigBlk', 'SigIgn', 'SigCgt'])
    assert.match(lines.find((line) => line.startsWith(name)) ?? '', zero);
  const [fds, umask, nofile, cwd, session, pid] = lines.slice(-6);
  assert.match(String(fds), /^0 1 2 3 \/dev\/null$/); // 3 is the directory that ls reads
  assert.is(umask, '0022');
  assert.is(nofile, '1024');
  assert.is(cwd, '/tmp');
  assert.is(session, pid);
  assert.is(client.events('started')[0]?.['marker'], undefined);
});

story(test, 'run_as: uid, gid, groups; a marker all the same', { unless }, async (t) => {
  const { run, output, client } = await scene(t);
  const finished = await run({
    ...sh('id -u; id -g; id -G'),
    run_uid: '12',
    run_gid: '13',
    run_groups: '14,15',
  });
  const id = String(finished['id']);
  assert.is(await written(join(t.dir, 's/output', id)), '12\n13\n13 14 15\n');
  assert.is(await output(id), '12\n13\n13 14 15\n');
  assert.is(client.events('started')[0]?.['marker'], undefined);
});

story(
  test,
  'exit code and signal are kept apart; what cannot start names its stage',
  { unless },
  async (t) => {
    const { run } = await scene(t);
    const ending = async (fields: Fields): Promise<string> => {
      const { exit, signal, stage, errno } = await run(fields);
      return JSON.stringify({ exit, signal, stage, errno });
    };
    assert.is(await ending(sh('exit 143')), '{"exit":"143"}');
    assert.is(await ending(sh('kill -TERM $$')), '{"signal":"15"}');
    assert.is(await ending({ arg: ['/no/such/program'] }), '{"stage":"exec","errno":"2"}');
    assert.is(await ending({ arg: ['no-such-program'] }), '{"stage":"exec","errno":"2"}');
    assert.is(await ending({ arg: ['true'] }), '{"exit":"0"}');
    assert.is(await ending({ ...sh('true'), cwd: '/no/such' }), '{"stage":"chdir","errno":"2"}');
    assert.is(await ending({ arg: ['/etc/passwd'] }), '{"stage":"exec","errno":"13"}');
  },
);

story(
  test,
  'the marker says who runs, and goes when the daemon has taken note of the end',
  { unless },
  async (t) => {
    const { arm, hangUp, client, state } = await scene(t);
    await arm('a/b', sh('exec sleep 1000'));
    await hangUp('a/b');
    const { id, pid } = await client.next('started');
    const marker = join(state, 'running', String(id));
    const [its, moment, instance, key] = (await readlink(marker)).split(' ');
    assert.is(its, pid);
    assert.match(String(instance), /^(life|dir)-\d+$/);
    assert.is(key, 'a/b');
    const ticks = Number(startOf(Number(pid)));
    assert.ok(Math.abs(ticks * 10 - Number(moment)) < 1000, `${ticks} ticks and ${moment} ms`);
    await client.endCommand(id);
    const { seq } = await client.next('finished');
    assert.is((await readlink(marker)).split(' ')[0], pid);
    await client.order('ack', { seq });
    await until(() => !existsSync(marker), 'the marker is gone');

    await arm('a/c', { ...sh('exec sleep 1000'), respawn: 'never', instance: 'life' });
    await client.reaches('a/c', 'armed');
    const fired = await client.order('fire', { key: 'a/c' });
    await client.next('started', 'a/c');
    const asked = await readlink(join(state, 'running', String(fired['id'])));
    assert.match(asked, /^\d+ \d+ life,once,host a\/c$/);
  },
);

story(test, 'the time limit: TERM, then KILL to the whole group', { unless }, async (t) => {
  const { run } = await scene(t);
  const soft = await run({ ...sh('exec sleep 1000'), timeout: '100' });
  assert.is(soft['signal'], '15');
  assert.is(soft['timedout'], '1');
  const out = join(t.dir, 'child');
  // The leader goes at TERM, its child does not.
  const hard = await run({
    ...sh(`(trap '' TERM; while :; do sleep 1; done) & echo $! > ${out}; wait`),
    timeout: '300',
    kill_after: '60000',
  });
  assert.is(hard['signal'], '15');
  const child = Number(await written(out));
  await until(() => !isAlive(child), 'the stubborn child is gone with its leader');
  const stubborn = await run({
    ...sh(`trap '' TERM; while :; do sleep 0.1; done`),
    timeout: '100',
    kill_after: '200',
  });
  assert.is(stubborn['signal'], '9');
  assert.is(stubborn['timedout'], '1');
});

story(
  test,
  'what stays behind a command that ended by itself is left alone, and still heard',
  { unless },
  async (t) => {
    const { run, output } = await scene(t);
    const out = join(t.dir, 'child');
    const finished = await run({
      ...sh(`(${untilThere(`${out}.go`)}; echo late) & echo $! > ${out}; echo early`),
    });
    assert.is(finished['exit'], '0');
    const child = Number(await written(out));
    assert.ok(isAlive(child));
    await writeFile(`${out}.go`, '');
    await until(
      async () => (await output(String(finished['id'])).catch(() => '')) === 'early\nlate\n',
      'both are kept',
    );
  },
);

story(test, 'output is bounded, and nobody waits for it', { unless, seconds: 60 }, async (t) => {
  const { run, state, output } = await scene(t);
  const finished = await run({ ...sh('head -c 104857600 /dev/zero'), output: '65536' });
  assert.is(finished['exit'], '0');
  const file = join(state, 'output', String(finished['id']));
  const note = '\n[jaildaemon: 104792064 more bytes were not kept]\n';
  await until(async () => (await stat(file)).size === 65536 + note.length, 'all of it is dealt with', {
    seconds: 30,
  });
  assert.ok((await output(String(finished['id']))).endsWith(note));
  assert.is((await stat(file)).mode & 0o777, 0o600);
  const silent = await run(sh('true'));
  assert.not.ok(existsSync(join(state, 'output', String(silent['id']))));
});

story(test, 'a link that somebody put into the place of an output is not followed', { unless }, async (t) => {
  const { client, epoch, arm, state } = await scene(t);
  await writeFile(join(t.dir, 'victim'), 'whole\n');
  await arm('a', sh('echo bad'));
  const { pid, seq } = await client.next('armed');
  await symlink(join(t.dir, 'victim'), join(state, 'output', `${epoch}-${Number(seq) + 1}`));
  kill(String(pid), 'SIGHUP');
  assert.is((await client.next('finished'))['exit'], '0');
  await client.reaches('a', 'armed');
  assert.is(await readFile(join(t.dir, 'victim'), 'utf8'), 'whole\n');
});

story(test, 'the budget: a trigger over it waits its turn, oldest first', { unless }, async (t) => {
  const { arm, hangUp, client } = await scene(t);
  await client.order('limits', { budget: '2', brake: '0', brake_window: '1000' });
  for (const key of ['a', 'b', 'c', 'd']) {
    await arm(key, sh('exec sleep 1000'));
    await hangUp(key);
    await client.next('fired', key);
  }
  await until(() => client.events('started').length === 2, 'two run');
  const ids = client.events('fired').map(({ id }) => String(id));
  await client.list();
  assert.match(String(client.runs.get('c')?.[0]), new RegExp(`^${ids[2]} 0 \\d+ 0$`));
  assert.is((await client.reaches('d', 'running'))['pid'], undefined);
  await client.endCommand(ids[1]);
  assert.is((await client.next('started'))['id'], ids[2]);
  assert.is(client.events('started').length, 3);
  await client.order('limits', { budget: '10', brake: '0', brake_window: '1000' });
  assert.is((await client.next('started'))['id'], ids[3]);
});

story(test, 'a trigger that still waits when the grace is over never runs', { unless }, async (t) => {
  const { arm, hangUp, client } = await scene(t);
  await client.order('limits', { budget: '1', brake: '0', brake_window: '1000' });
  for (const key of ['a', 'b']) {
    await arm(key, { ...sh('exec sleep 1000'), respawn: 'never' });
    await hangUp(key);
    await client.next('fired', key);
  }
  await client.order('quit', { grace: '0' });
  const finished = await client.next('finished', 'b');
  assert.is(finished['stage'], 'fork');
  assert.is(finished['errno'], '125');
  assert.is((await client.next('finished', 'a'))['signal'], '15');
});

story(test, 'cooldown: the probe stays away until it is over', { unless }, async (t) => {
  const { arm, hangUp, client } = await scene(t);
  await arm('a', { ...sh('true'), cooldown: '700' });
  await hangUp('a');
  const fired = await client.next('fired');
  const held = await client.next('held');
  assert.is(held['reason'], 'cooldown');
  assert.ok(Math.abs(Number(held['until']) - Number(fired['at']) - 700) < 50);
  const record = (await client.list()).get('a');
  assert.is(record?.['state'], 'cooling');
  assert.is(record?.['until'], held['until']);
  const armed = await client.next('armed');
  assert.ok(Number(armed['at']) >= Number(fired['at']) + 690);
});

story(test, 'concurrency: at the cap the probe stays away until a command ends', { unless }, async (t) => {
  const { arm, hangUp, client } = await scene(t);
  await arm('a', { ...sh('exec sleep 1000'), respawn: 'immediately', concurrency: '2' });
  await hangUp('a');
  await hangUp('a');
  const held = await client.next('held');
  assert.is(held['reason'], 'concurrency');
  assert.is(held['until'], undefined);
  await client.reaches('a', 'cooling');
  await client.endCommand(client.events('fired')[0]?.['id']);
  await client.reaches('a', 'armed');
});

story(test, 'the brake: no more triggers of a probe than its window allows', { unless }, async (t) => {
  const { arm, client } = await scene(t);
  await client.order('limits', { budget: '10', brake: '3', brake_window: '1500' });
  await arm('a', { ...sh('true'), respawn: 'immediately' });
  for (let i = 0; i < 3; i++) kill(String((await client.next('armed'))['pid']), 'SIGHUP');
  const held = await client.next('held');
  assert.is(held['reason'], 'brake');
  assert.ok(Number(held['until']) > Number(held['at']));
  assert.is(client.events('fired').length, 3);
  const armed = await client.next('armed', 'a', 5);
  assert.ok(Number(armed['at']) >= Number(held['until']) - 10);
});

story(test, 'arm on a probe whose command runs: armed when that has ended', { unless }, async (t) => {
  const { arm, hangUp, client } = await scene(t);
  await arm('a', { ...sh('exec sleep 1000'), respawn: 'never' });
  await hangUp('a');
  const { id, seq } = await client.next('started');
  client.send('ack', { seq: String(seq) });
  await arm('a', { ...sh('true'), respawn: 'never', tag: 'second' });
  await client.reaches('a', 'running');
  await client.endCommand(id);
  assert.is((await client.next('armed'))['tag'], 'second');
  assert.is(client.events('spent').length, 0);
});

story(
  test,
  'an order that crossed a trigger arms nothing: what is spent stays spent',
  { unless },
  async (t) => {
    const { arm, hangUp, client } = await scene(t);
    await arm('a', { ...sh('true'), respawn: 'never' });
    await hangUp('a');
    const fired = await client.next('fired');
    // Who orders this does not know of the trigger yet: it is not acknowledged.
    await arm('a', { ...sh('true'), respawn: 'never', tag: 'second' });
    await client.next('spent');
    await arm('a', { ...sh('true'), respawn: 'never', tag: 'third' });
    assert.is((await client.list()).get('a')?.['state'], 'spent');
    // Nor was it known to who took it away and now wants it again.
    await client.order('disarm', { key: 'a' });
    await client.next('removed');
    await arm('a', { ...sh('true'), respawn: 'never', tag: 'fourth' });
    await client.next('spent');
    // In another life of the jail it may be armed all the same.
    await arm('a', { ...sh('true'), respawn: 'never', instance: 'another' });
    await hangUp('a');
    const last = await client.next('spent');
    assert.ok(Number(last['seq']) > Number(fired['seq']));
    // And who knows of it may have it armed again.
    client.send('ack', { seq: String(last['seq']) });
    await arm('a', { ...sh('true'), respawn: 'never', instance: 'another' });
    await client.next('armed');
  },
);

story(
  test,
  'spent in one life of a jail is not spent in the next, acknowledged or not',
  { unless },
  async (t) => {
    const { arm, hangUp, client } = await scene(t);
    await arm('a', { ...sh('exec sleep 1000'), respawn: 'never' });
    await hangUp('a');
    const { id } = await client.next('started');
    await arm('a', { ...sh('true'), respawn: 'never', instance: 'another' });
    await client.order('disarm', { key: 'a' });
    await client.next('removed');
    await arm('a', { ...sh('true'), respawn: 'never', instance: 'another' });
    await client.endCommand(id);
    await client.next('armed');
    assert.is(client.events('spent').length, 0);
  },
);

story(
  test,
  'a command that is slow to begin is told of when it has begun',
  { unless: noStrace },
  async (t) => {
    const { arm, client, pid } = await scene(t);
    await arm('a', { arg: ['/bin/sleep', '1000'] });
    const probe = String((await client.next('armed'))['pid']);
    // What a child does first; meanwhile the keeper has done all there was to do for it.
    await slowDown(t, pid, 'close_range');
    kill(probe, 'SIGHUP');
    await client.next('started');
  },
);

story(
  test,
  'a command whose keeper dies before its marker is there never runs',
  { unless: noStrace },
  async (t) => {
    const { arm, client, state, pid, kill: killKeeper } = await scene(t);
    const ran = join(t.dir, 'ran');
    await arm('a', { arg: ['/bin/touch', ran] });
    const probe = String((await client.next('armed'))['pid']);
    await slowDown(t, pid, 'symlinkat');
    kill(probe, 'SIGHUP');
    const born = await until(async () => {
      const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1')).split(' ');
      const others = children.filter((child) => child !== '' && child !== probe);
      return others.length > 0 && others;
    }, 'the command is forked');
    await killKeeper();
    await until(() => born.every((child) => startOf(Number(child)) === ''), 'the command has ended');
    assert.not.ok(existsSync(ran));
    assert.equal(await readdir(join(state, 'running')), []);
  },
);

story(test, 'a scribe that is killed costs the output only', { unless }, async (t) => {
  const { arm, hangUp, client, pid } = await scene(t);
  const go = join(t.dir, 'go');
  await arm('a', sh(`trap '' PIPE; echo one; ${untilThere(go)}; echo two; exit 3`));
  await hangUp('a');
  await client.next('started');
  const scribe = await until(async () => {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1')).trim().split(' ');
    for (const child of children)
      if ((await readFile(`/proc/${child}/comm`, 'latin1').catch(() => '')) === 'scribe\n')
        return Number(child);
    return undefined;
  }, 'there is a scribe');
  assert.equal((await readdir(`/proc/${scribe}/fd`)).map(Number).filter((fd) => fd > 2).length <= 1, true);
  await killExactly(scribe, startOf(scribe));
  await writeFile(go, '');
  assert.is((await client.next('finished'))['exit'], '3');
});

test.run();
