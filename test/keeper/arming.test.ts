import { chown, mkdir, readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kind } from '../rig/jail.ts';
import { chroot } from '../rig/kinds/chroot.ts';
import { unshared, unsharedChroot, userRange, userSingle } from '../rig/kinds/unshare.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byChroot, byPid, definition, isGone, keeper, kill } from './rig.ts';

const test = suite('keeper: arming and triggering');

for (const kind of [unshared, unsharedChroot, userRange, userSingle]) {
  story(
    test,
    `arm, see, HUP: exactly one command (${kind.name})`,
    { unless: kind.available() },
    async (t) => {
      const jail = await kind.start(t, 'web');
      const { client, output } = await keeper(t);
      const title = t.unique('ZFS_SNAPSHOT');
      await client.order('arm', definition('web/SNAP', title, byPid(jail.pid)));
      const armed = await client.next('armed');
      assert.is(armed['title'], title);
      assert.is(armed['tag'], 'tag-1');
      assert.ok((await jail.ps()).includes(title));

      const { code } = await jail.run(['/usr/bin/pkill', '-HUP', '-f', `^${title}$`]);
      assert.is(code, 0);
      const fired = await client.next('fired');
      assert.is(fired['by'], 'jail');
      assert.is(fired['id'], `${fired['id']?.slice(0, 8)}-${fired['seq']}`);
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
    },
  );
}

story(test, 'a directory is entered by chroot(2)', { unless: chroot.available() }, async (t) => {
  const jail = await chroot.start(t, 'dir');
  const root = /chroot: (\S+)/.exec(jail.where)?.[1] ?? '';
  const { client } = await keeper(t);
  const title = t.unique('CHROOTED');
  await client.order('arm', definition('dir/A', title, byChroot(root)));
  const { pid } = await client.next('armed');
  assert.is(await readlink(`/proc/${pid}/root`), root);
  assert.is(await readlink(`/proc/${pid}/cwd`), root);
  await jail.run(['/usr/bin/pkill', '-HUP', '-f', `^${title}$`]);
  await client.next('finished');
});

/** What an armed probe holds, as the host's root sees it. */
async function holdings(pid: string): Promise<Record<string, string>> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Object.fromEntries(
    status.split('\n').map((line) => [line.split(':')[0] ?? '', line.split(':')[1]?.trim() ?? '']),
  );
}

function lockedDown(kind: Kind, uid: number): void {
  story(
    test,
    `an armed probe holds nothing (${kind.name}, uid ${uid})`,
    { unless: kind.available() },
    async (t) => {
      const jail = await kind.start(t, 'web');
      const { client, pid: parent } = await keeper(t);
      const title = t.unique('A-TITLE-OF-MORE-THAN-FIFTEEN-BYTES');
      const who = { uid: String(uid), gid: String(uid), ...(uid > 0 ? { groups: '7,8' } : {}) };
      await client.order('arm', definition('web/A', title, byPid(jail.pid), who));
      const pid = String((await client.next('armed'))['pid']);

      const status = await holdings(pid);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        assert.match(String(status[set]), /^0+$/);
      assert.is(status['NoNewPrivs'], '1');
      assert.is(status['Seccomp'], '1', 'strict');
      assert.is(status['Threads'], '1');
      assert.is(status['PPid'], String(parent));
      await until(
        async () => /^0+$/.test(String((await holdings(pid))['SigBlk'])),
        'it sleeps with no signal blocked',
      );
      const { Cpus_allowed: processors } = await holdings(String(parent));
      await until(
        async () => (await holdings(pid))['Cpus_allowed'] === processors,
        'its guard has let it go, and it may run on every processor again',
      );
      assert.match(String(status['SigIgn']), /^0+$/);
      assert.match(String(status['SigCgt']), /^0+$/);
      assert.is(status['NStgid'], status['NSsid']); // its own session
      if (kind === unshared) {
        assert.is(status['Uid'], Array(4).fill(uid).join('\t'));
        assert.is(status['Gid'], Array(4).fill(uid).join('\t'));
        assert.is(status['Groups'], uid > 0 ? '7 8' : '');
      }
      // One descriptor: the end of a pipe on which nobody ever says anything.
      const held = await readdir(`/proc/${pid}/fd`);
      assert.is(held.length, 1);
      assert.match(await readlink(`/proc/${pid}/fd/${held[0]}`), /^pipe:/);
      assert.match(
        await readFile(`/proc/${pid}/fdinfo/${held[0]}`, 'latin1'),
        /^flags:\s+0100000$/m,
        'for reading',
      );
      assert.is(await readFile(`/proc/${pid}/environ`, 'latin1'), '');
      assert.is(await readFile(`/proc/${pid}/cmdline`, 'latin1'), `${title}\0`);
      assert.is((await readFile(`/proc/${pid}/comm`, 'latin1')).trim(), title.slice(0, 15));
      assert.match(await readlink(`/proc/${pid}/exe`), /^\/memfd:jaildaemon-probe/);
      // It runs on the keeper's account and not on the jail's: no more than it needs.
      const limits = await readFile(`/proc/${pid}/limits`, 'latin1');
      assert.match(limits, /^Max cpu time +1 +1 /m);
      assert.match(limits, /^Max address space +0 +0 /m);
      for (const place of ['root', 'cwd'])
        assert.is(await readlink(`/proc/${pid}/${place}`), await readlink(`/proc/${jail.pid}/root`));
      for (const space of ['user', 'cgroup', 'ipc', 'uts', 'net', 'pid', 'mnt'])
        assert.is(
          await readlink(`/proc/${pid}/ns/${space}`),
          await readlink(`/proc/${jail.pid}/ns/${space}`),
        );

      const maps = (await readFile(`/proc/${pid}/maps`, 'latin1')).trim().split('\n');
      // Its text, its stack, and what the kernel gives to everybody; nothing anonymous, where the order was.
      for (const map of maps)
        assert.match(map, /memfd:jaildaemon-probe|\[(stack|vvar|vvar_vclock|vdso|vsyscall)\]$/);
      assert.is(maps.filter((map) => map.includes('memfd')).length, 1);
    },
  );
}
lockedDown(unshared, 0);
lockedDown(unshared, 80);
lockedDown(userRange, 0);
lockedDown(userRange, 80);
lockedDown(userSingle, 0);

const modes = ['never', 'after', 'immediately'] as const;
for (const respawn of modes) {
  story(test, `respawn ${respawn}`, { unless: unshared.available() }, async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client } = await keeper(t);
    const command = { respawn, arg: ['/bin/sh', '-c', 'exec sleep 1000'] };
    await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid), command));
    const first = await client.next('armed');
    kill(String(first['pid']), 'SIGHUP');
    const { id } = await client.next('fired');
    await client.next('started');
    if (respawn === 'immediately') {
      const second = await client.next('armed');
      assert.is.not(second['pid'], first['pid']);
      await client.reaches('web/A', 'armed');
      assert.is(client.runs.get('web/A')?.length, 1);
    } else {
      await client.reaches('web/A', 'running');
      assert.is(client.events('armed').length, 1);
    }
    await client.endCommand(id);
    assert.is((await client.next('finished'))['signal'], '15');
    if (respawn === 'never') {
      const { seq } = await client.next('spent');
      await client.reaches('web/A', 'spent');
      client.send('ack', { seq: String(seq) });
      await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid), command));
      await client.next('armed');
    } else {
      await client.reaches('web/A', 'armed');
    }
    assert.is(client.events('fired').length, 1);
  });
}

for (const signal of ['SIGTERM', 'SIGKILL', 'SIGQUIT', 'SIGINT', 'SIGUSR1'] as const) {
  story(
    test,
    `${signal} is no trigger, and nothing is armed by itself`,
    { unless: unshared.available() },
    async (t) => {
      const jail = await unshared.start(t, 'web');
      const { client } = await keeper(t);
      await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
      const { pid } = await client.next('armed');
      await until(
        async () => /SigBlk:\t0+\n/.test(await readFile(`/proc/${pid}/status`, 'latin1')),
        'it sleeps',
      );
      kill(String(pid), signal);
      const died = await client.next('died');
      assert.is(died['pid'], pid);
      assert.ok(Number(died['signal']) > 0);
      await client.reaches('web/A', 'idle');
      assert.is(client.events('fired').length, 0);
    },
  );
}

story(
  test,
  'a stopped probe stays armed, and its HUP counts when it goes on',
  { unless: unshared.available() },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client } = await keeper(t);
    await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
    const pid = String((await client.next('armed'))['pid']);
    const becomes = (state: string): Promise<unknown> =>
      until(async () => (await holdings(pid))['State']?.startsWith(state), `its state is ${state}`);
    for (let round = 0; round < 3; round++) {
      kill(pid, 'SIGSTOP');
      await becomes('T');
      kill(pid, 'SIGCONT');
      await becomes('S');
    }
    kill(pid, 'SIGSTOP');
    await becomes('T');
    kill(pid, 'SIGHUP');
    await client.reaches('web/A', 'armed');
    kill(pid, 'SIGCONT');
    await client.next('fired');
    await client.next('finished');
  },
);

story(test, 'the end of a jail is told, and runs nothing', { unless: unshared.available() }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client } = await keeper(t);
  const life = byPid(jail.pid);
  for (const key of ['web/A', 'web/B']) await client.order('arm', definition(key, t.unique(key), life));
  await client.next('armed');
  await client.next('armed');
  await jail.stop();
  assert.is((await client.next('gone'))['instance'], life['instance']);
  await client.reaches('web/A', 'idle');
  await client.reaches('web/B', 'idle');
  assert.is(client.events('fired').length, 0);
  await client.order('arm', definition('web/A', t.unique('A'), life));
  assert.is((await client.next('failed'))['stage'], 'gone');
});

story(test, 'an arming that fails names its stage', { unless: userSingle.available() }, async (t) => {
  const [jail, single] = [await unshared.start(t, 'web'), await userSingle.start(t, 'single')];
  const { client } = await keeper(t);
  const here = byPid(jail.pid);
  const stageOf = async (key: string, fields: Record<string, unknown>): Promise<string> => {
    await client.order('arm', { ...definition(key, t.unique('X'), here), ...(fields as object) });
    const failed = await client.next('failed', key);
    assert.is((await client.reaches(key, 'idle'))['state'], 'idle');
    return `${failed['stage']} ${failed['errno']}`;
  };
  assert.is(await stageOf('a', { ...byPid(process.pid) }), 'namespace 22');
  assert.is(await stageOf('b', { ...byPid(single.pid), uid: '80' }), 'setuid 22');
  assert.is(await stageOf('c', { ...byPid(single.pid), gid: '80' }), 'setgid 22');
  assert.is(await stageOf('d', { ...byPid(single.pid), groups: '80' }), 'groups 1');
  assert.is(await stageOf('e', { instance: 'other', start: '1' }), 'gone 3');
  assert.is(await stageOf('f', { instance: 'none', pid: '4194303' }), 'gone 3');
  assert.is(await stageOf('g', { ...byChroot(t.dir), instance: 'x', ino: '2' }), 'root 116');
  assert.is(await stageOf('h', { ...byChroot(t.dir), instance: 'y', root: `${t.dir}/none` }), 'root 2');
});

story(
  test,
  'a keeper without root enters the jails of its own user, and leaves its groups alone',
  { unless: userSingle.available() },
  async (t) => {
    const jail = await userSingle.start(t, 'own');
    const state = join(t.dir, 's');
    await mkdir(state, { mode: 0o700 });
    await chown(state, 65534, 65534);
    // A group of the keeper's that it may not drop: it stays on the probe, and the probe is armed all the same.
    const nobody = ['/usr/bin/setpriv', '--reuid', '65534', '--regid', '65534', '--groups', '12'];
    const { client } = await keeper(t, { by: nobody, state });
    await client.order('arm', definition('own/A', t.unique('OWN'), byPid(jail.pid)));
    const { pid } = await client.next('armed');
    assert.match(String((await holdings(String(pid)))['CapBnd']), /^0+$/);
    await jail.run(['/usr/bin/pkill', '-HUP', '-f', `^${t.unique('OWN')}$`]);
    assert.is((await client.next('finished'))['exit'], '0');
  },
);

story(
  test,
  'disarm takes the process away and forgets the probe',
  { unless: unshared.available() },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const { client } = await keeper(t);
    await client.order('arm', definition('web/A', t.unique('A'), byPid(jail.pid)));
    const pid = String((await client.next('armed'))['pid']);
    await client.order('disarm', { key: 'web/A' });
    await until(async () => !(await client.list()).has('web/A'), 'it is forgotten');
    assert.ok(isGone(pid));
    await client.order('disarm', { key: 'web/A' }, 'refused');
    assert.is(client.events('died').length, 0);
  },
);

story(test, 'a receipt is the end of the next title', { unless: unshared.available() }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const { client } = await keeper(t);
  const title = t.unique('WITH-RECEIPT');
  const arm = (code: number): Promise<unknown> =>
    client.order(
      'arm',
      definition('web/A', title, byPid(jail.pid), { receipt: '1', arg: ['/bin/sh', '-c', `exit ${code}`] }),
    );
  await arm(0);
  for (const expected of [/ \[ok \d\d:\d\d:\d\dZ\]$/, / \[failed 2 \d\d:\d\d:\d\dZ\]$/]) {
    kill(String((await client.next('armed'))['pid']), 'SIGHUP');
    await client.next('finished');
    const armed = await client.next('armed');
    assert.match(String(armed['title']), expected);
    assert.ok((await jail.ps()).includes(String(armed['title'])));
    await arm(2);
  }
});

test.run();
