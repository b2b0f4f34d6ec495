/** The machine gives the keeper no more memory: what it cannot do it says, and no probe is kept as armed that is not there. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { must } from '../rig/execute.ts';
import { chroot } from '../rig/kinds/chroot.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byChroot, definition, isGone, keeper, kill, type Client } from './rig.ts';

const test = suite('keeper: no memory');
const KEYS = Array.from({ length: 40 }, (_, n) => `p/${n}`);

/** Orders what can never be armed until there is no room for a smaller one either. */
async function fill(client: Client, t: { dir: string }): Promise<void> {
  const nowhere = { ...byChroot(t.dir), root: `${t.dir}/nowhere` };
  let count = 1_000_000; // beyond the refs of `order`
  for (const size of [200_000, 20_000, 2_000, 200, 1]) {
    for (;;) {
      const more = { ref: String(++count), env: [`A=${'x'.repeat(size)}`] };
      client.send('arm', { ...definition(`fill/${count}`, 'X', nowhere), ...more });
      const answer = await until(
        () => client.told.find((told) => told['ref'] === more.ref),
        'an order is answered',
      );
      if (answer.verb === 'refused') break;
    }
  }
}

story(
  test,
  'HUPs and `fire` without memory for their commands: the probes are idle, or still armed',
  { unless: chroot.available() },
  async (t) => {
    const { client, pid } = await keeper(t);
    const where = byChroot(t.dir);
    // One command runs, and more may not: what fires waits, and takes memory.
    await client.order('limits', { budget: '1', brake: '0', brake_window: '10000' });
    const long = definition('long', t.unique('L'), where, { arg: ['/bin/sleep', '1000'] });
    await client.order('arm', long);
    kill(String((await client.next('armed', 'long'))['pid']), 'SIGHUP');
    await client.next('started');
    const probes = new Map<string, string>();
    for (const key of KEYS) {
      await client.order('arm', definition(key, t.unique(key), where));
      probes.set(key, String((await client.next('armed', key))['pid']));
    }
    await must('prlimit', ['--pid', String(pid), '--data=1:']);
    await fill(client, t);

    const [last = '', ...others] = KEYS.toReversed();
    for (const key of others) kill(probes.get(key) ?? '', 'SIGHUP');
    await until(() => others.every((key) => isGone(probes.get(key) ?? '')), 'all of them are dead');
    const { why } = await client.order('fire', { key: last }, 'refused');
    assert.is(why, 'there is no memory');
    const records = await client.list();
    assert.is(records.get(last)?.['pid'], probes.get(last), 'it is there as before');
    const states = others.map((key) => records.get(key)?.['state'] ?? 'none');
    assert.ok(states.includes('idle') && !states.includes('armed'), states.join(' '));
    assert.is(
      client.events('died').length,
      states.filter((state) => state === 'idle').length,
      'that is told',
    );

    await must('prlimit', ['--pid', String(pid), '--data=unlimited']);
    const idle = others[states.indexOf('idle')] ?? '';
    await client.order('arm', definition(idle, t.unique(idle), where));
    assert.ok((await client.next('armed', idle))['pid']);
  },
);

test.run();
