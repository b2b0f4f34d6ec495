/** Every key of a probe, through the whole system: what is written in the file is what happens. */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { unshared } from '../rig/kinds/unshare.ts';
import { until } from '../rig/until.ts';
import { daemon } from '../rig/daemon.ts';
import { hup, pidfileOf, probesOf, scene, stories } from './scene.ts';

const { tell, run } = stories('probe keys');

tell('command: a text goes to a shell, a list is executed as it is', async (t) => {
  const s = await scene(t, (at) => ({
    TEXT: { command: `echo "$0 $HOME" '|' >>${at.path('lines')}; echo two >>${at.path('lines')}` },
    LIST: {
      command: ['/bin/sh', '-c', `printf '%s\\n' "$1" "$2" >>${at.path('lines')}`, 'x', '$HOME; *', ''],
    },
    FOUND: { command: ['touch', at.path('found')] },
  }));
  await s.host.reaches('web/FOUND', 'armed');
  await s.hup('TEXT');
  assert.equal(await s.reach(2), ['/bin/sh /root |', 'two']);
  await s.hup('LIST');
  assert.is((await s.reach(3))[2], '$HOME; *');
  await s.hup('FOUND');
  await until(() => stat(s.path('found')).catch(() => undefined), 'a name is looked up in PATH');
});

tell(
  'env and the facts: what is known is set, what is not known is not, and nothing else is there',
  async (t) => {
    const s = await scene(t, (at) => ({
      BUTTON: {
        title: 'THE TITLE',
        command: `env >${at.path('env')}; ${at.says('done')}`,
        env: { WORD: '$HOME "quoted"\nand a line', EMPTY: '', HOME: '/elsewhere' },
      },
    }));
    await s.host.reaches('web/BUTTON', 'armed');
    await s.hup('THE TITLE');
    await s.reach(1);
    const entry = await until(async () => (await s.host.history())[0], 'it is in the history');
    const env = await readFile(s.path('env'), 'utf8');
    const expected = [
      'EMPTY=',
      'HOME=/elsewhere',
      `JAIL_JID=${s.jail.pid}`,
      'JAIL_NAME=web',
      'LOGNAME=root',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'PROBE_TITLE=THE TITLE',
      `TRIGGER_ID=${entry?.id}`,
      'USER=root',
      'WORD=$HOME "quoted"',
      'and a line',
    ];
    // PWD, SHLVL and _ are the shell's own.
    const lines = env
      .split('\n')
      .filter((line) => line !== '' && !/^(PWD|SHLVL|_|OLDPWD|SHELL|JAIL_HOSTNAME)=/.test(line));
    assert.equal(lines.sort(), expected.sort());
    assert.not.match(env, /^JAIL_PATH=/m, 'it would be /, and rm -rf "$JAIL_PATH/tmp" would meet the host');
    assert.match(env, /^SHELL=\//m);
  },
);

tell('a command starts with a clean sheet: session, descriptors, signals, umask, limits', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: {
      command: `cat /proc/self/status >${at.path('status')}; ls -l /proc/self/fd >${at.path('fd')}; umask >${at.path('umask')}; cat /proc/$$/stat >${at.path('stat')}; ulimit -Sn >${at.path('limit')}; hostname >${at.path('host')}; ${at.says('$$')}`,
    },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.hup();
  const [shell] = await s.reach(1);
  const text = (name: string): Promise<string> => readFile(s.path(name), 'utf8');
  const status = await text('status');
  assert.match(status, /^SigBlk:\t0+$/m);
  assert.match(status, /^SigIgn:\t0+$/m);
  assert.match(await text('umask'), /^0*22\n$/);
  assert.ok(Number(await text('limit')) <= 1024);
  const fields = (await text('stat')).split(') ')[1]?.split(' ') ?? [];
  assert.is(fields[3], shell, 'the leader of a session of its own');
  const fds = (await text('fd')).split('\n').filter((line) => line.includes('->'));
  assert.is(fds.filter((line) => line.endsWith(' 0 -> /dev/null')).length, 1);
  // 0, 1, 2, and the directory that ls itself reads; the redirection is 1.
  assert.is(fds.length, 4, fds.join('\n'));
  assert.is((await text('host')).trim(), hostname(), 'on the host');
});

tell('cwd and run_as: where, and as whom', async (t) => {
  const s = await scene(t, (at) => ({
    CWD: { command: `${at.says('$PWD')}`, cwd: '/usr' },
    WHO: { command: 'id -u; id -g; id -G; pwd; echo "$USER $LOGNAME $HOME"', run_as: 'daemon', cwd: '/var' },
    NOWHERE: { command: 'true', cwd: '/nonexistent/place' },
  }));
  await s.host.reaches('web/WHO', 'armed');
  await s.hup('CWD');
  assert.equal(await s.reach(1), ['/usr']);
  const { stdout: id } = await s.host.cli('trigger', 'web', 'WHO', '--wait', '--json');
  const who = (JSON.parse(id) as { id: string }).id;
  const { stdout } = await s.host.cli('output', who);
  const [uid, gid, groups, cwd, names] = stdout.split('\n');
  assert.is(uid, '1');
  assert.is(gid, '1');
  assert.is(groups, '1');
  assert.is(cwd, '/var');
  assert.match(names ?? '', /^daemon daemon \//);
  const nowhere = await s.host.cli('trigger', 'web', 'NOWHERE', '--wait', '--json');
  const failed = JSON.parse(nowhere.stdout) as { fate: string; stage: string; errno: string };
  assert.is(nowhere.code, 1);
  assert.is(failed.fate, 'failed');
  assert.is(failed.stage, 'chdir');
  assert.is(failed.errno, 'ENOENT');
});

tell('timeout: TERM to the whole group, and KILL after kill_after', async (t) => {
  const s = await scene(t, (at) => ({
    POLITE: { command: `trap '${at.says('polite')}; exit 9' TERM; sleep 30 & wait`, timeout: '200ms' },
    // The shell is no group leader that waits: its child must get the signal too.
    RUDE: {
      command: `trap '' TERM; sh -c 'sleep 30; true'; sleep 30`,
      timeout: '200ms',
      kill_after: '300ms',
    },
    QUICK: { command: 'true', timeout: '10s' },
  }));
  await s.host.reaches('web/RUDE', 'armed');
  const end = async (title: string) =>
    JSON.parse((await s.host.cli('trigger', 'web', title, '--wait', '--json')).stdout) as Record<
      string,
      unknown
    >;
  const polite = await end('POLITE');
  assert.is(polite['exitCode'], 9);
  assert.is(polite['timedOut'], true);
  assert.equal(await s.lines(), ['polite']);
  const rude = await end('RUDE');
  assert.is(rude['signal'], 'SIGKILL');
  assert.is(rude['timedOut'], true);
  const took = Number(rude['durationMs']);
  assert.ok(took >= 500 && took < 5000, `500 ms and little more: ${took}`);
  assert.is((await end('QUICK'))['timedOut'], undefined);
});

tell('cooldown: away for so long after a trigger, and it says until when', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: at.says('ran'), respawn: 'after', cooldown: '1500ms' },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.hup();
  const cooling = await s.host.reaches('web/BUTTON', 'cooling');
  assert.match(cooling.reason ?? '', /cooldown/);
  assert.is((await s.hup()).code, 1, 'pkill says that it is away');
  await s.host.reaches('web/BUTTON', 'armed');
  const [entry] = await s.host.history();
  assert.ok(Date.now() - Date.parse(entry?.firedAt ?? '') >= 1500);
  assert.is((await s.host.cli('status')).code, 0, 'that is no failure');
});

tell('concurrency: so many at once, then it stays away until one has ended', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: `${at.says('begin')}; ${at.waits()}`, respawn: 'immediately', concurrency: 2 },
  }));
  const first = await s.host.reaches('web/BUTTON', 'armed');
  await s.hup();
  await s.host.probe('web/BUTTON', (p) => p.state === 'armed' && p.pid !== first.pid, 'is back at once');
  await s.hup();
  await s.reach(2);
  const held = await s.host.reaches('web/BUTTON', 'cooling');
  assert.match(held.reason ?? '', /concurrency/);
  assert.is((await s.hup()).code, 1);
  s.open();
  await s.host.reaches('web/BUTTON', 'armed');
  assert.is((await s.lines()).length, 2);
});

tell('receipt: the next title carries the outcome', async (t) => {
  const s = await scene(t, () => ({
    BUTTON: { command: 'exit "${CODE:-0}"', respawn: 'after', receipt: true },
    FAILS: { command: 'exit 2', respawn: 'after', receipt: true },
  }));
  await s.host.reaches('web/FAILS', 'armed');
  await s.hup('BUTTON');
  await s.hup('FAILS');
  const shown = async (id: string): Promise<string> => {
    const probe = await s.host.probe(id, (p) => p.state === 'armed' && p.runs === 1, 'is back');
    return (probe as typeof probe & { shownTitle: string }).shownTitle;
  };
  const good = await shown('web/BUTTON');
  assert.match(good, /^BUTTON \[ok \d\d:\d\d:\d\dZ\]$/);
  const bad = await shown('web/FAILS');
  assert.match(bad, /^FAILS \[failed 2 \d\d:\d\d:\d\dZ\]$/);
  const ps = await s.jail.ps();
  assert.ok(ps.includes(good) && ps.includes(bad), ps.join('\n'));
  assert.is((await s.host.status()).probes[0]?.title, 'BUTTON', 'its name is what was declared');
  assert.match((await s.host.cli('status')).stdout, good);
  assert.is((await s.hup('BUTTON')).code, 0, 'and it is found by it');
  // A reload changes nothing about it.
  const before = await s.host.probe('web/BUTTON', (p) => p.state === 'armed' && p.runs === 2, 'is back');
  await s.host.cli('reload');
  assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, before.pid);
});

tell('uid, gid, groups: who it is inside, by the numbers of the jail', async (t) => {
  const s = await scene(t, () => ({
    PLAIN: { command: 'true' },
    USER: { command: 'true', uid: 80 },
    ALL: { command: 'true', uid: 81, gid: 82, groups: [83, 84] },
  }));
  const ids = async (id: string): Promise<string[]> => {
    const { pid } = await s.host.reaches(id, 'armed');
    const status = await readFile(`/proc/${pid}/status`, 'latin1');
    const field = (name: string): string =>
      new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status)?.[1]?.trim().replaceAll('\t', ' ') ?? '';
    return [field('Uid'), field('Gid'), field('Groups'), field('CapEff')];
  };
  const none = '0'.repeat(16);
  assert.equal(await ids('web/PLAIN'), ['0 0 0 0', '0 0 0 0', '', none]);
  assert.equal(await ids('web/USER'), ['80 80 80 80', '80 80 80 80', '', none]);
  assert.equal(await ids('web/ALL'), ['81 81 81 81', '82 82 82 82', '83 84', none]);
  assert.is((await s.hup('USER', 80)).code, 0);
});

tell(
  'a glob gives to every jail, an exact name is taken whole, `enabled: false` takes away from one',
  async (t) => {
    const [one, two] = [await unshared.start(t, 'db-1'), await unshared.start(t, 'db-2')];
    const host = await daemon(
      t,
      JSON.stringify({
        jails: {
          'db-1': {
            pid: pidfileOf(one),
            probes: { FLEET: { enabled: false }, OWN: { command: 'echo exact' } },
          },
          'db-2': { pid: pidfileOf(two), probes: {} },
          'db-*': { probes: { FLEET: { command: 'true' }, OWN: { command: 'true', uid: 80 } } },
          '*': { probes: { FLEET: { command: 'true', uid: 99 }, ALL: { command: 'true' } } },
        },
      }),
    );
    await host.reaches('db-2/ALL', 'armed');
    const rows = (await host.status()).probes.map(({ id, uid }) => `${id} ${uid}`).sort();
    assert.equal(rows, ['db-1/ALL 0', 'db-1/OWN 0', 'db-2/ALL 0', 'db-2/FLEET 0', 'db-2/OWN 80']);
    assert.is((await hup(two, 'FLEET')).code, 0);
    assert.is((await hup(one, 'FLEET')).code, 1);
  },
);

tell('two names for one PID namespace: a title may stand in one of them only', async (t) => {
  const jail = await unshared.start(t, 'web');
  const host = await daemon(
    t,
    JSON.stringify({
      jails: {
        web: { pid: pidfileOf(jail), probes: { SAME: { command: 'true' }, WEB: { command: 'true' } } },
        again: { pid: jail.pid, probes: { SAME: { command: 'true' }, AGAIN: { command: 'true' } } },
      },
    }),
  );
  await host.reaches('web/SAME', 'armed');
  await host.reaches('again/AGAIN', 'armed');
  const clash = await host.reaches('again/SAME', 'failed');
  assert.match(clash.reason ?? '', 'web/SAME');
  assert.is((await host.cli('status')).code, 3);
  assert.is((await jail.ps()).filter((line) => line === 'SAME').length, 1);
});

tell('include and defaults: other files add jails, and say only what differs', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  await mkdir(join(s.host.dir, 'more.d'), { mode: 0o700 });
  const other = await unshared.start(t, 'other');
  const { put } = await import('./scene.ts');
  await put(
    join(s.host.dir, 'more.d/a.yml'),
    JSON.stringify({ jails: { other: { pid: pidfileOf(other), probes: { OTHER: { command: 'true' } } } } }),
  );
  const { code, stderr } = await s.reload((file) => {
    file.include = ['more.d/*.yml'];
    file.defaults = { uid: 80, respawn: 'after' };
    probesOf(file)['ROOT'] = { command: 'true', uid: 0, respawn: 'never' };
  });
  assert.is(code, 0, stderr);
  await s.host.reaches('other/OTHER', 'armed');
  const rows = (await s.host.status()).probes.map(({ id, uid, respawn }) => `${id} ${uid} ${respawn}`);
  assert.equal(rows.sort(), ['other/OTHER 80 after', 'web/BUTTON 80 after', 'web/ROOT 0 never']);
  const [row] = (await s.host.status()).probes.filter(({ id }) => id === 'other/OTHER');
  assert.match(JSON.stringify(row?.origin), 'more.d/a.yml');
});

run();
