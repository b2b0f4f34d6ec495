import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chroot } from '../rig/kinds/chroot.ts';
import { unsharedChroot, userRange, userSingle, unshared } from '../rig/kinds/unshare.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byPid, definition, kill, keeper } from './rig.ts';

const test = suite('keeper: arming and triggering');

story(test, 'arm, see, HUP: exactly one command', { unless: unsharedChroot.available() }, async (t) => {
  const jail = await unsharedChroot.start(t, 'web');
  const { client, output } = await keeper(t);
  const title = t.unique('ZFS_SNAPSHOT');
  await client.order('arm', definition('web/SNAP', title, byPid(jail.pid)));
  const armed = await client.next('armed');
  assert.is(armed['title'], title);
  assert.ok((await jail.ps()).includes(title));
  const { code } = await jail.run(['/usr/bin/pkill', '-HUP', '-f', title]);
  assert.is(code, 0);
  const fired = await client.next('fired');
  await client.next('started');
  const finished = await client.next('finished');
  assert.is(finished['id'], fired['id']);
  assert.is(finished['exit'], '0');
  await until(
    async () => (await output(String(fired['id'])).catch(() => '')) === 'ran\n',
    'its output is there',
  );
  await client.next('armed');
  assert.is(client.events('fired').length, 1);
});
test.run();
