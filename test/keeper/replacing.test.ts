import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { untilThere } from '../rig/gate.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { isAlive, killExactly, missing, startOf } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byPid, definition, isGone, keeper, kill } from './rig.ts';

const test = suite('keeper: replacing, tracing, ending');
const unless = unshared.available();

/** Holds a process as a tracer that does not go on: what dies under it stays a zombie that nobody is told of. */
async function holdAsTracer(t: Teller, pid: string): Promise<() => Promise<void>> {
  const tracer = spawn('strace', ['-p', pid, '-o', '/dev/null'], { stdio: 'ignore' });
  await once(tracer, 'spawn');
  const number = tracer.pid ?? 0;
  const start = startOf(number);
  const release = (): Promise<void> => killExactly(number, start);
  t.defer('end the tracer', release);
  const traced = async (): Promise<boolean> =>
    (await readFile(`/proc/${pid}/status`, 'latin1')).includes(`TracerPid:\t${number}\n`);
  await until(traced, 'it is traced');
  kill(number, 'SIGSTOP');
  return release;
}

story(test, 'a replaced probe is there without a gap, and the older process goes', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client } = await keeper(t);
  await client.order('arm', definition('web/A', t.unique('OLD'), byPid(jail.pid)));
  const older = await client.next('armed');
  await client.order('arm', definition('web/A', t.unique('NEW'), byPid(jail.pid), { tag: 'tag-2' }));
  const newer = await client.next('armed');
  assert.is(newer['tag'], 'tag-2');
  await until(() => isGone(String(older['pid'])), 'the older one is gone');
  assert.is((await client.reaches('web/A', 'armed'))['pid'], newer['pid']);
  assert.is(client.events('died').length + client.events('fired').length, 0);
});

story(
  test,
  'both processes of a probe die of one pkill while the keeper stands still',
  { unless },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client, pid } = await keeper(t);
    const slow = { arg: ['/bin/sh', '-c', 'sleep 0.3'] };
    await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid), slow));
    let older = String((await client.next('armed'))['pid']);
    const isProbe = async (pid: string): Promise<boolean> =>
      (await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).startsWith(t.unique('A'));
    for (;;) {
      client.send('arm', definition('web/A', t.unique('A'), byPid(jail.pid), slow));
      // As soon as the new one is seen: it may still be the process that enters, or the older one may be gone already.
      const newer = await until(async () => {
        const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1')).trim().split(' ');
        for (const child of children) if (child !== older && (await isProbe(child))) return child;
        return undefined;
      }, 'the new process is seen');
      kill(pid, 'SIGSTOP');
      const both = (await isProbe(older)) && (await isProbe(newer));
      let hit = 0;
      for (const probe of both ? [older, newer] : []) {
        try {
          kill(probe, 'SIGHUP');
          hit++;
        } catch {
          // it was the entering process, which has ended
        }
      }
      kill(pid, 'SIGCONT');
      if (hit === 0) older = String((await client.next('armed'))['pid']);
      else break;
    }
    await client.next('fired');
    await client.next('finished');
    await client.reaches('web/A', 'armed');
    const { length } = client.events('fired');
    assert.is(client.events('finished').length, length);
  },
);

story(test, 'an update keeps the process and changes what its HUP runs', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client, output } = await keeper(t);
  const define = (tag: string, text: string): ReturnType<typeof definition> =>
    definition('web/A', t.unique('A'), byPid(jail.pid), { tag, arg: ['/bin/sh', '-c', `echo ${text}`] });
  await client.order('arm', define('1', 'one'));
  const { pid } = await client.next('armed');
  await client.order('update', define('2', 'two'));
  const record = await client.reaches('web/A', 'armed');
  assert.is(record['pid'], pid);
  assert.is(record['tag'], '2');
  kill(String(pid), 'SIGHUP');
  const { id } = await client.next('finished');
  await until(async () => (await output(String(id)).catch(() => '')) === 'two\n', 'the new command has run');
  await client.order('update', definition('web/none', 'X', byPid(jail.pid)), 'refused');
});

story(test, 'a replacement that fails leaves the older process armed', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client } = await keeper(t);
  await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
  const { pid } = await client.next('armed');
  const bad = { ...byPid(process.pid), tag: 'tag-2' };
  await client.order('arm', definition('web/A', t.unique('B'), bad));
  assert.is((await client.next('failed'))['stage'], 'namespace');
  const record = await client.reaches('web/A', 'armed');
  assert.is(record['pid'], pid);
  assert.is(record['tag'], 'tag-1');
});

story(test, 'a probe removed while a HUP is on its way still runs its command', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client, pid } = await keeper(t);
  await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
  const probe = String((await client.next('armed'))['pid']);
  kill(pid, 'SIGSTOP');
  client.send('disarm', { key: 'web/A' });
  kill(probe, 'SIGHUP');
  await until(async () => /State:\tZ/.test(await readFile(`/proc/${probe}/status`, 'latin1')), 'it is dead');
  kill(pid, 'SIGCONT');
  await client.next('fired');
  await client.next('finished');
  await until(async () => !(await client.list()).has('web/A'), 'it is forgotten');
});

story(test, 'fire starts the command from the host, and takes the process away', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client } = await keeper(t);
  await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid), { respawn: 'never' }));
  const { pid } = await client.next('armed');
  const { id } = await client.order('fire', { key: 'web/A' });
  const fired = await client.next('fired');
  assert.is(fired['id'], id);
  assert.is(fired['by'], 'host');
  await client.next('finished');
  await client.next('spent');
  await until(() => isGone(String(pid)), 'the process is gone');
  await client.order('fire', { key: 'web/A' }, 'refused');
  assert.is(client.events('died').length, 0);
});

const noStrace = unless ?? missing('strace');
story(
  test,
  'a tracer that holds a killed probe keeps nothing waiting, and the keeper sleeps',
  { unless: noStrace },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client, pid } = await keeper(t);
    await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
    const probe = String((await client.next('armed'))['pid']);
    const release = await holdAsTracer(t, probe);
    await client.order('arm', definition('web/A', t.unique('B'), byPid(jail.pid)));
    const newer = await client.next('armed');
    assert.is.not(newer['pid'], probe);
    // 200 ms of nothing: a keeper that spins on the zombie would use them up.
    const ticks = async (): Promise<number> => {
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(fields[11]) + Number(fields[12]);
    };
    const before = await ticks();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok((await ticks()) - before <= 2, 'the keeper sleeps');
    await release();
    await until(() => isGone(probe), 'it is reaped once it is let go');
  },
);

story(test, 'quit does not wait for what a tracer holds', { unless: noStrace }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client, pid } = await keeper(t);
  await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
  const armed = await client.next('armed');
  await holdAsTracer(t, String(armed['pid']));
  await client.order('quit', { grace: '0' });
  client.send('ack', { seq: String(armed['seq']) });
  await until(() => !isAlive(pid), 'the keeper has ended', { seconds: 6 });
});

story(test, 'quit lets commands finish, then ends them, and then ends', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client, pid, state, epoch } = await keeper(t);
  for (const [key, command] of [
    ['web/A', 'sleep 0.5; exit 7'],
    ['web/B', 'exec sleep 1000'],
    ['web/C', 'true'],
  ] as const) {
    await client.order(
      'arm',
      definition(key, t.unique(key), byPid(jail.pid), { arg: ['/bin/sh', '-c', command] }),
    );
    const armed = await client.next('armed', key);
    if (key === 'web/C') continue;
    kill(String(armed['pid']), 'SIGHUP');
    await client.next('started', key);
  }
  await client.order('quit', { grace: '1500' });
  await client.order('arm', definition('web/D', 'D', byPid(jail.pid)), 'refused');
  await until(() => client.events('finished', 'web/A')[0]?.['exit'] === '7', 'the short command has ended');
  const last = await client.next('finished', 'web/B');
  assert.is(last['signal'], '15');
  assert.ok(isAlive(pid));
  client.send('ack', { seq: String(last['seq']) });
  await until(() => !isAlive(pid), 'the keeper has ended');
  assert.not.ok(existsSync(`${state}/keeper.${epoch}.sock`));
});

story(
  test,
  'a keeper that is killed takes every probe along; its command and its output go on',
  { unless },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client, kill: killKeeper, output, state } = await keeper(t);
    await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
    const idle = await client.next('armed');
    const go = `${t.dir}/go`;
    const command = `echo one; ${untilThere(go)}; echo two; echo done > ${go}.done`;
    await client.order(
      'arm',
      definition('web/B', t.unique('B'), byPid(jail.pid), { arg: ['/bin/sh', '-c', command] }),
    );
    kill(String((await client.next('armed', 'web/B'))['pid']), 'SIGHUP');
    const { id, pid } = await client.next('started');
    await until(
      async () => (await output(String(id)).catch(() => '')) === 'one\n',
      'its first words are kept',
    );
    await killKeeper();
    await until(() => isGone(String(idle['pid'])), 'the probe is gone');
    // The marker says who still runs: the next daemon reads it.
    assert.match(await readlink(`${state}/running/${id}`), new RegExp(`^${pid} \\d+ life-\\d+ web/B$`));
    await writeFile(go, '');
    await until(async () => (await output(String(id))) === 'one\ntwo\n', 'its last words are kept');
    await until(
      async () => (await readFile(`${go}.done`, 'utf8').catch(() => '')) === 'done\n',
      'it has come to its end',
    );
  },
);

test.run();
