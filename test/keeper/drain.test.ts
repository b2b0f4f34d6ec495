/** One keeper makes room for the next: nothing new is begun, nothing is lost, and it ends when nothing is left. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chroot } from '../rig/kinds/chroot.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { isAlive } from '../rig/proc.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byChroot, byPid, definition, keeper, kill, type Client } from './rig.ts';
import { keeperOfVersion } from './versions.ts';

const test = suite('keeper: removing and draining');
const unless = unshared.available() ?? chroot.available();
const long = { arg: ['/bin/sleep', '1000'], kill_after: '100' };
const short = { arg: ['/bin/true'] };

/** All that was told so far is on disk, as it were. */
function acknowledge(client: Client): void {
  client.send('ack', { seq: String(client.events().at(-1)?.['seq']) });
}

story(test, 'removed is told when no process is left, and the record goes', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client } = await keeper(t);
  await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
  const { pid } = await client.next('armed');
  await client.order('disarm', { key: 'web/A' });
  const removed = await client.next('removed');
  assert.equal([removed['key'], removed['instance']], ['web/A', `life-${jail.pid}`]);
  assert.not.ok(isAlive(Number(pid)));
  assert.is((await client.list()).size, 0);
  assert.is(client.events('died').length + client.events('fired').length, 0);
  await client.order('disarm', { key: 'web/A' }, 'refused');
});

story(test, 'a HUP that came first is told before, and its command runs on', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client, pid: keeperPid } = await keeper(t);
  await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid), long));
  const { pid } = await client.next('armed');
  kill(keeperPid, 'SIGSTOP');
  kill(String(pid), 'SIGHUP');
  await until(() => !isAlive(Number(pid)), 'it has died of that');
  client.send('disarm', { key: 'web/A' });
  kill(keeperPid, 'SIGCONT');
  const fired = await client.next('fired');
  await client.next('removed');
  const record = (await client.list()).get('web/A');
  assert.is(record?.['state'], 'removed');
  assert.is(client.runs.get('web/A')?.length, 1);
  await client.order('disarm', { key: 'web/A' });
  await client.order('update', definition('web/A', t.unique('A'), byPid(jail.pid)), 'refused');
  await client.endCommand(fired['id']);
  await client.next('finished');
  assert.is((await client.list()).size, 0);
  assert.is(client.events('removed').length, 1);
});

story(test, 'what is removed can be armed again, before and after its command', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client } = await keeper(t);
  const a = definition('web/A', t.unique('A'), byPid(jail.pid), long);
  await client.order('arm', a);
  kill(String((await client.next('armed'))['pid']), 'SIGHUP');
  const { id } = await client.next('started');
  await client.order('disarm', { key: 'web/A' });
  await client.next('removed');
  await client.order('arm', a);
  assert.is((await client.list()).get('web/A')?.['state'], 'running', 'it waits for its command');
  await client.endCommand(id);
  await client.next('armed');
  await client.order('disarm', { key: 'web/A' });
  await client.next('removed');
  await client.order('arm', a);
  await client.next('armed');
});

story(test, 'a keeper that drains begins nothing new, and goes on with all it has', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client, connect, pid } = await keeper(t);
  const where = byPid(jail.pid);
  const probes: Record<string, object> = {
    after: { respawn: 'after', ...short },
    once: { respawn: 'never', ...short },
    at_once: { respawn: 'immediately', ...long },
    still: { respawn: 'after', ...short },
    cooling: { respawn: 'after', cooldown: '60000', ...short },
  };
  const pids: Record<string, string> = {};
  for (const [key, more] of Object.entries(probes)) {
    await client.order('arm', definition(key, t.unique(key), where, { ...more }));
    pids[key] = String((await client.next('armed', key))['pid']);
  }
  kill(String(pids['cooling']), 'SIGHUP');
  await client.reaches('cooling', 'cooling');
  await client.order('drain');
  const refused = await client.order('arm', definition('new', t.unique('NEW'), where), 'refused');
  assert.is(refused['why'], 'the keeper is draining');
  await client.reaches('cooling', 'idle');
  for (const key of ['after', 'once', 'at_once']) kill(String(pids[key]), 'SIGHUP');
  await client.next('finished', 'after');
  await client.reaches('after', 'idle');
  await client.reaches('once', 'spent');
  const { id } = await until(() => client.events('started', 'at_once')[0], 'the command runs');
  assert.is((await client.reaches('at_once', 'idle'))['pid'], undefined);
  assert.is((await client.list()).get('still')?.['pid'], pids['still']);

  // Whoever comes next is told so, and everything that is not on disk yet.
  client.close();
  const next = await connect();
  assert.is(next.told.find(({ verb }) => verb === 'hello')?.['draining'], '1');
  await until(() => next.events('fired').length === 4, 'all is told again');
  await next.order('fire', { key: 'still' });
  await next.next('finished', 'still');
  acknowledge(next);
  await next.list();
  assert.ok(isAlive(pid), 'a command still runs');
  await next.endCommand(id);
  await next.next('finished', 'at_once');
  await next.list();
  assert.ok(isAlive(pid), 'its end is not on disk yet');
  acknowledge(next);
  await until(() => !isAlive(pid), 'it has ended by itself');
  await until(() => next.ended, 'and closed its connection');
});

story(test, 'it drains alone, and waits for somebody to take its last words', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client, connect, pid } = await keeper(t);
  await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid), { respawn: 'never' }));
  const probe = String((await client.next('armed'))['pid']);
  await client.order('drain');
  acknowledge(client);
  client.close();
  kill(probe, 'SIGHUP');
  await until(() => !isAlive(Number(probe)), 'the probe is gone');
  const next = await connect();
  await next.next('finished');
  assert.ok(isAlive(pid));
  await next.next('spent');
  acknowledge(next);
  await until(() => !isAlive(pid), 'it has ended');
});

story(test, 'one that has nothing ends at once, but answers first', { unless }, async (t) => {
  const { client, pid } = await keeper(t);
  await client.order('drain');
  await until(() => !isAlive(pid) && client.ended, 'it has ended');
});

story(test, 'a probe that is just entering is let in, and can be disarmed', { unless }, async (t) => {
  const { client, pid } = await keeper(t);
  for (let i = 0; i < 50; i++)
    client.send('arm', definition(`p${i}`, t.unique(`P${i}`), byChroot(t.dir), long));
  await client.order('drain');
  for (let i = 0; i < 50; i++) await client.reaches(`p${i}`, 'armed');
  for (let i = 0; i < 50; i++) client.send('disarm', { key: `p${i}` });
  await until(() => client.events('removed').length === 50, 'all are removed');
  assert.ok(isAlive(pid));
  acknowledge(client);
  await until(() => !isAlive(pid), 'it has ended');
});

story(
  test,
  'version 1 refuses other versions, and knows neither drain nor removed',
  { unless },
  async (t) => {
    const program = await keeperOfVersion(1);
    const { client, connect } = await keeper(t, { program, version: 1 });
    const newer = await connect(false);
    const refused = await newer.order('hello', { version: '2' }, 'refused');
    assert.is(refused['why'], 'this keeper speaks version 1');
    newer.send('hello', { version: '1' });
    assert.is((await newer.next('hello'))['version'], '1');
    await until(() => client.ended, 'it is superseded');
    await newer.order('drain', {}, 'refused');
    await newer.order('arm', definition('a', t.unique('A'), byChroot(t.dir), long));
    kill(String((await newer.next('armed'))['pid']), 'SIGHUP');
    const { id } = await newer.next('started');
    await newer.order('disarm', { key: 'a' });
    assert.is((await newer.list()).get('a')?.['state'], 'removing');
    await newer.endCommand(id);
    await until(async () => (await newer.list()).size === 0, 'the record is gone');
    assert.equal(newer.events('removed'), []);
  },
);

story(test, 'the next version is spoken to as this one', { unless }, async (t) => {
  const { client } = await keeper(t, { program: await keeperOfVersion(3) });
  assert.is(client.told.find(({ verb }) => verb === 'hello')?.['version'], '3');
  await client.order('drain');
});

test.run();
