// limit: 240 s
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrame, type Fields } from '../../src/keeper/frame.ts';
import { execute, must } from '../rig/execute.ts';
import { chroot } from '../rig/kinds/chroot.ts';
import { isAlive } from '../rig/proc.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byChroot, definition, isGone, KEEPER, keeper, kill, type Told } from './rig.ts';

const test = suite('keeper: the protocol');
const unless = chroot.available();

/** A frame of any bytes. */
function raw(body: string | Buffer): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

story(test, 'hello comes first, and says who is there', { unless }, async (t) => {
  const { connect, epoch, pid, state } = await keeper(t);
  const client = await connect(false);
  assert.is((await client.order('list', {}, 'refused'))['why'], 'hello must come first');
  client.send('hello', { version: '2' });
  const hello = await client.next('hello');
  assert.equal(
    [hello['version'], hello['epoch'], hello['pid'], hello['seq']],
    ['2', epoch, String(pid), '0'],
  );
  assert.ok(Math.abs(Number(hello['started']) - Date.now()) < 60_000);
  assert.ok(Number(hello['nofile']) > 0);
  assert.is(statSync(join(state, `keeper.${epoch}.sock`)).mode & 0o777, 0o600);
});

story(test, 'a frame that is no order is refused, and changes nothing', { unless }, async (t) => {
  const { client } = await keeper(t);
  const refused = async (frame: Buffer): Promise<Told> => {
    client.socket.write(frame);
    return client.next('refused');
  };
  const good = definition('a', 'A', byChroot(t.dir));
  const without = (name: string): Fields => ({ ...good, [name]: undefined });
  for (const body of [
    'list',
    '\0',
    'list\0x\0',
    'list\0=1\0',
    'nonsense\0',
    'list\0x=1\0',
    'fire\0',
    'ack\0seq=x\0',
  ])
    await refused(raw(body));
  for (const body of [
    'ack\0seq=\0',
    'ack\0seq=-1\0',
    'ack\0seq=18446744073709551616\0',
    'ack\0seq=1\0seq=1\0',
  ])
    await refused(raw(body));
  for (const name of [
    'key',
    'title',
    'uid',
    'gid',
    'enter',
    'instance',
    'respawn',
    'arg',
    'root',
    'dev',
    'ino',
  ])
    assert.match(String((await refused(encodeFrame('arm', without(name))))['why']), /missing/);
  const changed: Record<string, string | string[]>[] = [
    { title: '' },
    { title: 'x'.repeat(201) },
    { title: 'tab\there' },
    { title: 'ümlaut' },
    { uid: '-1' },
    { uid: '4294967295' },
    { enter: 'prison' },
    { enter: 'jail' },
    { enter: 'jail', jid: '0' },
    { enter: 'jail', jid: '3', name: 'x'.repeat(256) },
    { respawn: 'always' },
    { root: 'relative' },
    { concurrency: '0' },
    { groups: '1,,2' },
    { groups: '1,' },
    { env: ['NOVALUE'] },
    { key: '' },
    { unknown: '1' },
    { receipt: '2' },
    { run_uid: '1' },
    { timeout: '1h' },
  ];
  for (const fields of changed) {
    const answer = await refused(encodeFrame('arm', { ...good, ...fields }));
    assert.is(answer['order'], 'arm');
  }
  assert.is((await client.list()).size, 0);
  const answer = await refused(encodeFrame('disarm', { ref: '77', key: 'no/such' }));
  assert.equal([answer['ref'], answer['key'], answer['order']], ['77', 'no/such', 'disarm']);
});

story(test, 'a way in that this system does not have is refused by name', { unless }, async (t) => {
  const { client } = await keeper(t);
  const { dev, ino } = byChroot(t.dir);
  const jail = { enter: 'jail', instance: '1700000000:3:4', jid: '3', name: 'web', dev, ino };
  client.send('arm', definition('web/A', 'A', jail));
  const answer = await client.next('refused');
  assert.match(String(answer['why']), /this system has none/);
  assert.is(answer['key'], 'web/A');
  assert.is((await client.list()).size, 0);
});

story(test, 'a length out of range ends the connection, and only that', { unless }, async (t) => {
  const { client, connect } = await keeper(t);
  for (const length of [0, 262_145, 0xffffffff]) {
    const other = await connect(false);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    other.socket.write(head);
    await until(() => other.ended, 'the connection is closed');
    assert.is(other.told[0]?.verb, 'refused');
  }
  assert.is((await client.list()).size, 0);
});

story(test, 'a frame of the largest size, in small pieces', { unless, seconds: 60 }, async (t) => {
  const { client } = await keeper(t);
  const fields = definition('a', t.unique('A'), byChroot(t.dir), { respawn: 'never' });
  const size = encodeFrame('arm', { ...fields, env: ['X='] }).length - 4;
  const frame = encodeFrame('arm', { ...fields, env: [`X=${'x'.repeat(262_144 - size)}`] });
  assert.is(frame.length, 262_148);
  for (let at = 0; at < frame.length; at += 30_011) client.socket.write(frame.subarray(at, at + 30_011));
  kill(String((await client.next('armed'))['pid']), 'SIGHUP');
  // Longer than the system allows for one variable: it fails where it is executed, and says so.
  const finished = await client.next('finished');
  assert.equal([finished['stage'], finished['errno']], ['exec', '7']);
});

story(test, 'what is ordered in one breath with a list is carried out after it', { unless }, async (t) => {
  const { client, pid } = await keeper(t);
  const arm = encodeFrame('arm', definition('a', t.unique('A'), byChroot(t.dir)));
  client.socket.write(Buffer.concat([encodeFrame('list'), arm]));
  assert.is((await client.next('listed'))['records'], '0');
  await client.next('armed', 'a');
  client.socket.write(Buffer.concat([encodeFrame('list'), encodeFrame('quit', { grace: 0 })]));
  await client.next('listed');
  client.send('ack', { seq: String(client.events().at(-1)?.['seq']) });
  await until(() => !isAlive(pid), 'it has ended');
});

story(test, 'noise: the keeper lives, and serves the next one', { unless, seconds: 60 }, async (t) => {
  const { client, connect, pid } = await keeper(t);
  let seed = 20_261_122;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const model = encodeFrame(
    'arm',
    definition('noise', 'NOISE', { ...byChroot(t.dir), ino: '1' }, { respawn: 'never' }),
  ).subarray(4);
  for (let round = 0; round < 300; round++) {
    const other = await connect(false);
    other.socket.write(encodeFrame('hello', { version: 2 }));
    for (let count = 0; count < 20; count++) {
      const bytes = Buffer.from(model);
      for (let change = random(8); change >= 0; change--)
        bytes[random(bytes.length)] = [0, 61, 255, 48, 44, random(256)][random(6)] ?? 0;
      other.socket.write(raw(bytes.subarray(random(4), 1 + random(bytes.length))));
    }
    if (random(2) === 0)
      other.socket.write(Buffer.from(Array.from({ length: random(60) }, () => random(256))));
    other.socket.end();
    await until(() => other.ended, 'the connection is closed');
  }
  assert.ok(isAlive(pid));
  const last = await connect();
  await last.order('arm', definition('a', t.unique('A'), byChroot(t.dir)));
  await last.next('armed', 'a', 20);
  assert.ok(client.ended || client.told.some(({ verb }) => verb === 'superseded'));
});

story(test, 'a newer daemon takes over; the older one is told so', { unless }, async (t) => {
  const { client, connect } = await keeper(t);
  const newer = await connect();
  await client.next('superseded');
  await until(() => client.ended, 'the older connection is closed');
  assert.is((await newer.list()).size, 0);
});

story(
  test,
  'what is not acknowledged is told again, in order; what is, is forgotten',
  { unless },
  async (t) => {
    const { client, connect } = await keeper(t);
    for (const key of ['a', 'b', 'c']) {
      await client.order(
        'arm',
        definition(key, t.unique(key), byChroot(t.dir), { respawn: 'never', arg: ['/bin/true'] }),
      );
      kill(String((await client.next('armed', key))['pid']), 'SIGHUP');
      await client.next('finished', key);
    }
    await until(() => client.events('spent').length === 3, 'all are spent');
    const all = client.events();
    // `armed` was replaced by `spent`, the newer state of the same probe.
    const kept = all.filter(({ verb }) => verb !== 'armed');
    client.close();
    const second = await connect();
    await until(() => second.events().length >= kept.length, 'all is told again');
    assert.equal(second.events(), kept);
    const middle = Number(kept[5]?.['seq']);
    second.send('ack', { seq: String(middle) });
    await second.list();
    second.close();
    const third = await connect();
    await until(() => third.events().length >= kept.length - 6, 'the rest is told again');
    assert.equal(third.events(), kept.slice(6));
    third.send('ack', { seq: String(kept.at(-1)?.['seq']) });
    await third.list();
    third.close();
    const fourth = await connect();
    await fourth.list();
    assert.equal(fourth.events(), []);
  },
);

story(test, 'a daemon that does not read holds nobody up', { unless, seconds: 60 }, async (t) => {
  const { client, connect } = await keeper(t);
  client.socket.pause();
  const quick = { respawn: 'immediately', arg: ['/bin/true'] };
  for (let i = 0; i < 200; i++)
    client.send('arm', definition(`p${i}`, t.unique(`P${i}`), byChroot(t.dir), quick));
  for (let i = 0; i < 20_000; i++) client.send('list');
  // Its answers fill every buffer there is. A newer one finds all as it should be.
  const newer = await connect();
  await until(
    async () => [...(await newer.list()).values()].every(({ state }) => state === 'armed'),
    'all are armed',
    { seconds: 30 },
  );
  kill(String((await newer.list()).get('p7')?.['pid']), 'SIGHUP');
  await newer.next('finished', 'p7');
});

story(
  test,
  'the queue keeps room for triggers, and holds probes back when there is none',
  { unless, seconds: 150 },
  async (t) => {
    const { client, connect } = await keeper(t);
    await client.order('limits', { budget: '512', brake: '0', brake_window: '1000' });
    await client.order(
      'arm',
      definition('long', t.unique('LONG'), byChroot(t.dir), {
        respawn: 'never',
        arg: ['/bin/sleep', '1000'],
      }),
    );
    kill(String((await client.next('armed'))['pid']), 'SIGHUP');
    const { id } = await client.next('started');
    const many = { respawn: 'immediately', arg: ['/bin/true'], concurrency: '100000' };
    const keys = Array.from({ length: 16 }, (_, i) => `p${i}`);
    const hangUp = ({ verb, pid }: Told): void => void (verb === 'armed' && kill(String(pid), 'SIGHUP'));
    client.onTold = hangUp;
    for (const key of keys) client.send('arm', definition(key, t.unique(key), byChroot(t.dir), many));
    // Every new process is hung up at once. Nobody takes note of what is told; each trigger takes room for three.
    await until(() => client.events('held').length >= keys.length, 'all are held back', {
      seconds: 120,
      last: () => client.events('fired').length,
    });
    assert.ok(client.events('held').every(({ reason }) => reason === 'queue'));
    assert.is(client.events('fired').length, Math.floor((65_536 - 3) / 3) + 1);
    const whole = client.events('fired').map(({ seq }) => seq);
    client.close();
    const second = await connect();
    await until(() => second.events('fired').length === whole.length, 'not one is lost', { seconds: 30 });
    assert.equal(
      second.events('fired').map(({ seq }) => seq),
      whole,
    );
    assert.is((await second.list()).get('p3')?.['reason'], 'queue');
    // Room again, and they come back.
    second.send('ack', { seq: String(second.events().at(-1)?.['seq']) });
    for (const key of keys) await second.reaches(key, 'armed');
    await second.order('quit', { grace: '0' });
    await second.next('finished', 'long');
    assert.ok(String(id).length > 9);
  },
);

story(test, 'what cannot start says why in one line', { unless }, async (t) => {
  const code = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await execute(KEEPER, args);
    assert.match(stderr, /^keeper: .*\n$/);
    return String(code);
  };
  assert.is(await code(), '64');
  assert.is(await code(join(t.dir, 'none')), '73');
  const long = join(t.dir, 'x'.repeat(80));
  await must('mkdir', [long]);
  assert.is(await code(long), '73');
});

story(test, 'what happens while the list is told is told after it', { unless }, async (t) => {
  const { client } = await keeper(t);
  await client.order('arm', definition('first', t.unique('A'), byChroot(t.dir)));
  const { pid } = await client.next('armed');
  // So many records, of probes that never got anywhere, that the list does not fit into what lies between us.
  const nowhere = { enter: 'pid', instance: 'gone', pid: '1', start: '1' };
  for (let i = 0; i < 2000; i++)
    client.send('arm', definition(`idle-${i}`, 'X', nowhere, { tag: 'x'.repeat(1000) }));
  await until(() => client.events('failed').length === 2000, 'all have failed');
  client.onTold = ({ verb }) => {
    if (verb === 'record') client.socket.pause();
  };
  client.send('list');
  await until(() => client.socket.isPaused(), 'the list has begun');
  kill(String(pid), 'SIGTERM');
  await until(() => isGone(String(pid)), 'the probe is gone');
  delete client.onTold;
  client.socket.resume();
  await client.next('listed');
  await client.next('died');
});

test.run();
