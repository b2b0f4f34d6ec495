// limit: 240 s
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Fields } from '../../src/keeper/frame.ts';
import { isAlive } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { buildForBsd, unbuildable, type Bsd } from './bsd/build.ts';
import { definition, keeper, kill } from './rig.ts';

/** The BSD side's own code over libkqueue and port.c: what it does with what its system says, not what that says. */
const test = suite('keeper: the BSD side, on Linux');
const options = { unless: unbuildable(), seconds: 60 };

async function scene(t: Teller, system: Bsd = 'DragonFly') {
  const { program, jails, names, news } = await buildForBsd(t, system);
  const held = await keeper(t, { program });
  /** A jail with this number, and how the keeper gets in. */
  const jail = (jid: number, fields: Fields = {}): Fields => {
    const root = join(jails, String(jid));
    mkdirSync(root, { recursive: true });
    const { dev, ino } = statSync(root, { bigint: true });
    return {
      enter: 'jail',
      instance: `1700000000:${jid}`,
      jid: String(jid),
      dev: String(dev),
      ino: String(ino),
      ...fields,
    };
  };
  return { ...held, jail, jails, names, news };
}

/**
 * The status of a probe that has come to its wait. The keeper says before that it is armed: then it can do nothing any more, and a
 * HUP is kept for it.
 */
function waiting(pid: unknown): Promise<string> {
  return until(() => {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
    return /^SigBlk:\t0+$/m.test(status) && status;
  }, 'no signal is blocked any more');
}

story(test, 'a probe enters by number, has nothing, and its HUP runs the command', options, async (t) => {
  const { client, jail, jails, pid: keeperPid } = await scene(t);
  const title = t.unique('RESTART me');
  await client.order('arm', definition('web/A', title, jail(7), { uid: '1234', gid: '2345', groups: '5,6' }));
  const { pid } = await client.next('armed');
  const status = await waiting(pid);
  const line = (name: string): string => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1] ?? '';

  assert.is(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), `${title}\0`);
  assert.is(readFileSync(`/proc/${pid}/environ`, 'latin1'), '');
  assert.is(line('Name'), 'jaildaemon-prob'); // 15 bytes here
  assert.is(line('Uid'), '1234\t1234\t1234\t1234');
  assert.is(line('Gid'), '2345\t2345\t2345\t2345');
  assert.is(line('Groups'), '5 6 2345');
  assert.is(line('PPid'), String(keeperPid));
  assert.equal(
    [readlinkSync(`/proc/${pid}/root`), readlinkSync(`/proc/${pid}/cwd`)],
    [join(jails, '7'), join(jails, '7')],
  );
  assert.equal(readdirSync(`/proc/${pid}/fd`), ['7']); // the reading end of pipe L
  assert.match(readFileSync(`/proc/${pid}/limits`, 'latin1'), /^Max core file size +0 +0 /m);

  kill(String(pid), 'SIGHUP');
  assert.is((await client.next('fired'))['by'], 'jail');
  assert.is((await client.next('finished'))['exit'], '0');
  assert.is.not((await client.next('armed'))['pid'], pid);
});

story(
  test,
  'another root, no jail of that number, a way in that is not there: named, and nothing is armed',
  options,
  async (t) => {
    const { client, jail } = await scene(t);
    const why = async (key: string, fields: Fields): Promise<unknown[]> => {
      await client.order('arm', definition(key, t.unique(key), fields));
      const failed = await client.next('failed', key);
      return [failed['stage'], failed['errno']];
    };
    const [INVALID, STALE] = ['22', '116'];
    assert.equal(await why('web/A', jail(7, { ino: '1' })), ['identity', STALE]);
    assert.equal(await why('web/B', jail(7, { dev: '1' })), ['identity', STALE]);
    assert.equal(await why('web/C', jail(7, { jid: '99', instance: '1700000000:99' })), ['gone', INVALID]);

    const refuse = async (fields: Fields): Promise<string> => {
      client.send('arm', definition('web/D', 'D', fields));
      return String((await client.next('refused'))['why']);
    };
    assert.match(await refuse(jail(7, { name: 'web' })), /jails have none/);
    assert.match(await refuse({ enter: 'pid', instance: 'i', pid: '1', start: '1' }), /no namespaces/);
    for (const record of (await client.list()).values()) assert.is(record['state'], 'idle');
  },
);

story(test, 'TERM and KILL are the end of a jail and no trigger', options, async (t) => {
  const { client, jail } = await scene(t);
  for (const [signal, number] of [
    ['SIGTERM', '15'],
    ['SIGKILL', '9'],
  ] as const) {
    await client.order('arm', definition('web/A', t.unique('A'), jail(7)));
    kill(String((await client.next('armed'))['pid']), signal);
    assert.is((await client.next('died'))['signal'], number);
    assert.is((await client.list()).get('web/A')?.['state'], 'idle');
  }
  assert.is(client.events('fired').length, 0);
});

story(
  test,
  'deaths, output and words for the daemon in plenty, and the end of the keeper',
  options,
  async (t) => {
    const { client, jail, output, kill: killKeeper } = await scene(t);
    const jails = [jail(1), jail(2), jail(3)];
    const many = { respawn: 'immediately', arg: ['/bin/sh', '-c', 'head -c 100000 /dev/zero'] };
    for (let i = 0; i < 60; i++)
      await client.order('arm', definition(`j/${i}`, t.unique(`P${i}`), jails[i % 3] ?? {}, many));
    await until(() => client.events('armed').length === 60, 'all are armed');
    for (const { pid } of client.events('armed')) kill(String(pid), 'SIGHUP');
    await until(() => client.events('finished').length === 60, 'each command has ended');
    await until(() => client.events('armed').length === 120, 'each is armed again');
    for (const { exit } of client.events('finished')) assert.is(exit, '0');
    const { id } = await client.next('fired');
    await until(
      async () => /34464 more bytes/.test(await output(String(id)).catch(() => '')),
      'the scribe is done',
    );

    const probes = client.events('armed').slice(60);
    await killKeeper();
    await until(() => probes.every(({ pid }) => !isAlive(Number(pid))), 'every probe goes with its keeper');
  },
);

story(test, 'FreeBSD: a jail is known by its number and its name', options, async (t) => {
  const { client, jail, names } = await scene(t, 'FreeBSD');
  const arm = (key: string, name: string, jid = 7): Promise<unknown> =>
    client.order('arm', definition(key, t.unique(key), jail(jid, { name })));
  const failed = async (key: string): Promise<unknown[]> => {
    const { stage, errno } = await client.next('failed', key);
    return [stage, errno];
  };
  const [NONE, STALE] = ['2', '116'];
  await arm('web/A', 'web');
  assert.equal(await failed('web/A'), ['gone', NONE], 'by now there is none');
  writeFileSync(join(names, '7'), 'db');
  await arm('web/B', 'web');
  assert.equal(await failed('web/B'), ['identity', STALE], 'another has the number');
  writeFileSync(join(names, '7'), 'web');
  await arm('web/C', 'web');
  await client.next('armed', 'web/C');
  writeFileSync(join(names, '7'), 'website');
  await arm('web/D', 'web');
  assert.equal(await failed('web/D'), ['identity', STALE], 'a name that only begins alike');
});

story(test, 'FreeBSD: a probe has no descriptor at all, and ends with its keeper', options, async (t) => {
  const { client, jail, jails, names, kill: killKeeper } = await scene(t, 'FreeBSD');
  writeFileSync(join(names, '7'), 'web');
  const arm = async (key: string, fields: Fields = {}): Promise<string> => {
    await client.order('arm', definition(key, t.unique(key), { ...jail(7, { name: 'web' }), ...fields }));
    return String((await client.next('armed', key))['pid']);
  };
  const pid = await arm('web/A', { uid: '1234', gid: '2345', groups: '5,6', respawn: 'after' });
  const status = await waiting(pid);
  const line = (name: string): string => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1] ?? '';
  assert.is(line('Uid'), '1234\t1234\t1234\t1234');
  assert.is(line('Groups'), '5 6 2345');
  assert.is(line('NoNewPrivs'), '1');
  assert.is(readlinkSync(`/proc/${pid}/root`), join(jails, '7'));
  assert.equal(readdirSync(`/proc/${pid}/fd`), []);

  kill(pid, 'SIGHUP');
  assert.is((await client.next('fired'))['by'], 'jail');
  assert.is((await client.next('finished'))['exit'], '0');

  // Linux forgets the signal when the uid changes; FreeBSD does not. So that one leaves before.
  await client.order('disarm', { key: 'web/A' });
  await client.next('removed');
  const last = Number(await arm('web/B'));
  await killKeeper();
  await until(() => !isAlive(last), 'it goes with its keeper');
});

story(test, 'FreeBSD 15: the kernel tells of jails that end and begin', options, async (t) => {
  const { client, jail, jails, names, news } = await scene(t, 'FreeBSD15');
  for (const jid of [7, 8]) writeFileSync(join(names, String(jid)), `j${jid}`);
  const arm = async (key: string, fields: Fields): Promise<number> => {
    await client.order('arm', definition(key, t.unique(key), { ...fields, respawn: 'immediately' }));
    return Number((await client.next('armed', key))['pid']);
  };
  const [first, second] = [jail(7, { name: 'j7' }), jail(8, { name: 'j8' })];
  const [one, two, other] = [await arm('a/A', first), await arm('a/B', first), await arm('b/A', second)];

  writeFileSync(news, 'removed 7\n');
  assert.is((await client.next('gone'))['instance'], first['instance']);
  await until(() => !isAlive(one) && !isAlive(two), 'its probes are taken away');
  assert.ok(isAlive(other), 'and no others');
  await until(async () => (await client.list()).get('a/B')?.['state'] === 'idle', 'the keeper knows');
  assert.equal(client.events('fired'), []);

  writeFileSync(news, 'created 9\n');
  await until(() => client.told.some(({ verb }) => verb === 'look'), 'the daemon is asked to look');

  rmdirSync(join(jails, '7'));
  await client.order('arm', definition('a/C', t.unique('C'), { ...first, instance: '1700000000:7:2' }));
  const { stage, errno } = await client.next('failed', 'a/C');
  assert.equal([stage, errno], ['gone', '2'], 'a jail that the kernel does not know is not waited for');
});

test.run();
