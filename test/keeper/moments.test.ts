import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMarkers } from '../../src/keeper/markers.ts';
import { must } from '../rig/execute.ts';
import { chroot } from '../rig/kinds/chroot.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { isAlive, killExactly, missing, startOf } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byChroot, byPid, definition, isGone, keeper, kill } from './rig.ts';

const test = suite('keeper: what comes at the wrong moment');
const unless = chroot.available() ?? unshared.available();
const noStrace = unless ?? missing('strace');

const LONG = { arg: ['/bin/sleep', '1000'] };

/** Lets system calls of the keeper fail or take their time: `name:error=…`, as strace(1) has it for `inject`. */
async function tamper(
  t: Teller,
  pid: number,
  inject: string,
  ...more: string[]
): Promise<() => Promise<void>> {
  const calls = inject.slice(0, inject.indexOf(':'));
  const args = [
    '-p',
    String(pid),
    '-o',
    '/dev/null',
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${inject}`,
    ...more,
  ];
  const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const start = startOf(tracer.pid ?? 0);
  const release = (): Promise<void> => killExactly(tracer.pid ?? 0, start);
  t.defer('end the tracer', release);
  let said = '';
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => said.includes('attached'), 'the keeper is traced', { last: () => said });
  return release;
}

/** Hangs a probe up, and keeps its keeper from hearing of it until the function that it gives is called. */
async function hangUpAndHold(t: Teller, probe: string): Promise<() => Promise<void>> {
  const program = join(t.dir, 'hold');
  await must('cc', ['-Wall', '-Wextra', '-o', program, join(import.meta.dirname, 'native/hold.c')]);
  const holder = spawn(program, [probe], { stdio: ['pipe', 'pipe', 'inherit'] });
  const start = startOf(holder.pid ?? 0);
  const release = (): Promise<void> => killExactly(holder.pid ?? 0, start);
  t.defer('end the holder', release);
  let said = '';
  holder.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => said === 'dead\n', 'the probe is dead', { last: () => holder.exitCode });
  return release;
}

function childrenOf(pid: number): number {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).length;
}

story(
  test,
  'a process that the keeper could not take over is not left in the jail',
  { unless: noStrace },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client, pid } = await keeper(t);
    const title = t.unique('NOBODYS');
    // The first is of the jail itself, the second of its probe.
    const release = await tamper(t, pid, 'pidfd_open:error=EMFILE:when=2');
    await client.order('arm', definition('web/A', title, byPid(jail.pid)));
    const failed = await client.next('failed');
    assert.equal([failed['stage'], failed['errno']], ['pidfd', '24']);
    await until(() => childrenOf(pid) === 0, 'it is killed and reaped');
    assert.not.ok((await jail.ps()).includes(title));
    await release();
    await client.order('arm', definition('web/A', title, byPid(jail.pid)));
    kill(String((await client.next('armed'))['pid']), 'SIGHUP');
    assert.is((await client.next('finished'))['exit'], '0');
  },
);

story(
  test,
  'a command that the keeper cannot watch leaves nothing behind',
  { unless: noStrace },
  async (t) => {
    const { client, pid } = await keeper(t);
    await client.order('arm', definition('a', t.unique('A'), byChroot(t.dir), { respawn: 'never', ...LONG }));
    const probe = String((await client.next('armed'))['pid']);
    await tamper(t, pid, 'epoll_ctl:error=ENOSPC:when=1');
    kill(probe, 'SIGHUP');
    const finished = await client.next('finished');
    assert.equal([finished['stage'], finished['errno']], ['fork', '28']);
    await until(() => childrenOf(pid) === 0, 'neither a process nor what is left of one');
  },
);

story(
  test,
  'a HUP that comes to light when the grace is over holds up no quit',
  { unless: unless ?? missing('cc') },
  async (t) => {
    const { client, pid } = await keeper(t);
    await client.order('arm', definition('a', t.unique('A'), byChroot(t.dir), LONG));
    const release = await hangUpAndHold(t, String((await client.next('armed'))['pid']));
    await client.order('quit', { grace: '0' });
    await release();
    const fired = await client.next('fired');
    const finished = await client.next('finished');
    assert.equal([finished['id'], finished['stage'], finished['errno']], [fired['id'], 'fork', '125']);
    client.send('ack', { seq: String(finished['seq']) });
    await until(() => !isAlive(pid), 'the keeper has ended');
  },
);

story(test, 'after: not even beside a command that began while it was immediately', { unless }, async (t) => {
  const { client } = await keeper(t);
  const mode = (respawn: string): ReturnType<typeof definition> =>
    definition('a', t.unique('A'), byChroot(t.dir), { respawn, concurrency: '2', ...LONG });
  await client.order('arm', mode('immediately'));
  kill(String((await client.next('armed'))['pid']), 'SIGHUP');
  const again = await client.next('armed');
  const first = await until(() => client.events('started')[0], 'its command runs');
  await client.order('update', mode('after'));
  // Its probe is there already: who triggers it is heard, and waits.
  kill(String(again['pid']), 'SIGHUP');
  const second = await client.next('fired');
  await client.list();
  assert.match(String(client.runs.get('a')?.[1]), new RegExp(`^${second['id']} 0 \\d+ 0$`));
  await client.endCommand(first['id']);
  const later = await client.next('started');
  assert.is(later['id'], second['id']);
  const ended = client.events('finished').find(({ id }) => id === first['id']);
  assert.ok(Number(ended?.['seq']) < Number(later['seq']));
});

story(test, 'after: nor is the probe back when it was away for too many of them', { unless }, async (t) => {
  const { client } = await keeper(t);
  const mode = (respawn: string): ReturnType<typeof definition> =>
    definition('a', t.unique('A'), byChroot(t.dir), { respawn, concurrency: '2', ...LONG });
  await client.order('arm', mode('immediately'));
  for (let i = 0; i < 2; i++) kill(String((await client.next('armed'))['pid']), 'SIGHUP');
  await until(() => client.events('started').length === 2, 'two run');
  await client.reaches('a', 'cooling');
  await client.order('update', mode('after'));
  const [first, second] = client.events('started').map(({ id }) => id);
  await client.endCommand(first);
  await client.next('finished');
  assert.is((await client.list()).get('a')?.['state'], 'cooling');
  await client.endCommand(second);
  const armed = await client.next('armed');
  assert.ok(Number(client.events('finished').at(-1)?.['seq']) < Number(armed['seq']));
});

story(test, 'what was triggered as after is not spent when it has become never', { unless }, async (t) => {
  const { client } = await keeper(t);
  const mode = (respawn: string): ReturnType<typeof definition> =>
    definition('a', t.unique('A'), byChroot(t.dir), { respawn });
  await client.order('arm', mode('after'));
  kill(String((await client.next('armed'))['pid']), 'SIGHUP');
  await client.next('finished');
  const { pid } = await client.next('armed');
  // Nothing is acknowledged meanwhile: the daemon's disk is full.
  await client.order('update', mode('never'));
  kill(String(pid), 'SIGKILL');
  await client.next('died');
  await client.order('arm', mode('never'));
  await client.next('armed');
  assert.equal(client.events('spent'), []);
  await until(() => isGone(String(pid)), 'the older one is gone');
});

story(
  test,
  'a marker names its process, however long that took to come so far',
  { unless: noStrace },
  async (t) => {
    const { client, pid, state } = await keeper(t);
    await client.order('arm', definition('a', t.unique('A'), byChroot(t.dir), { respawn: 'never', ...LONG }));
    const probe = String((await client.next('armed'))['pid']);
    await tamper(t, pid, 'setsid:delay_enter=1500ms', '-f');
    kill(probe, 'SIGHUP');
    await client.next('started');
    const markers = openMarkers(state);
    const left = markers.leftByOthers(new Set());
    assert.is(left.length, 1);
    assert.ok(
      left.every((orphan) => markers.lives(orphan)),
      JSON.stringify(left),
    );
  },
);

story(
  test,
  'a command that takes its time to its exec is told as started all the same',
  { unless: noStrace },
  async (t) => {
    const { client, pid } = await keeper(t);
    await client.order('arm', definition('a', t.unique('A'), byChroot(t.dir), { respawn: 'never', ...LONG }));
    const probe = String((await client.next('armed'))['pid']);
    // Where it leaves the keeper's own table of descriptors.
    await tamper(t, pid, 'close_range:delay_enter=200ms', '-f');
    kill(probe, 'SIGHUP');
    await client.next('started');
  },
);

story(
  test,
  'who takes note of what was never told has not taken note of what comes',
  { unless },
  async (t) => {
    const { client } = await keeper(t);
    const once = definition('a', t.unique('A'), byChroot(t.dir), { respawn: 'never' });
    client.send('ack', { seq: '18446744073709551615' });
    await client.order('arm', once);
    kill(String((await client.next('armed'))['pid']), 'SIGHUP');
    await client.next('fired');
    // An order that has crossed the trigger: nobody knows of that yet.
    await client.order('arm', once);
    await client.reaches('a', 'spent');
    assert.is(client.events('armed').length, 1);
  },
);

test.run();
