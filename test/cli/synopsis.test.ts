/** The original's command line, to the letter: its manual page is the judge. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { hup, jaildaemon, pathsOf, scene, stories } from '../daemon/scene.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const { tell, run } = stories('synopsis');

tell('jaildaemon -D [-p pidfile] [-f ipcsockpath]; options of the other mode are ignored', async (t) => {
  const { host } = await started(t);
  await host.cli('stop');
  const [socket, pidfile] = [join(host.dir, 'pipe'), join(host.dir, 'other.pid')];
  const more = ['--config', host.config, '--state', host.state, '--log', join(host.dir, 'log')];
  const others = ['-u', 'nonsense', '-g', '-7', '-r', '-R', '-t', 'x\ny', '-j', 'nosuch'];
  const { code, stderr } = await jaildaemon(['-D', '-p', pidfile, '-f', socket, ...others, ...more]);
  t.defer('stop it', () => jaildaemon(['stop', '-f', socket]));
  assert.is(code, 0, stderr);
  const { daemon } = JSON.parse((await jaildaemon(['status', '--json', '-f', socket])).stdout) as {
    daemon: { pid: number };
  };
  assert.is(Number(await readFile(pidfile, 'utf8')), daemon.pid);
  const again = await jaildaemon(['-D', '-f', socket, '-p', pidfile, ...more]);
  assert.is(again.code, 75, 'it checks for other instances by a test command to the socket');
});

tell(
  '-c command -j jid [-rR] [-u uid] [-t proctitle] [-f ipcsockpath], in every way getopt(3) takes it',
  async (t) => {
    const { host, jail, says } = await started(t);
    const jid = String(jail.pid);
    const f = ['-f', host.socket];
    const ways: Record<string, string[]> = {
      T1: ['-c', says('T1'), '-j', jid, '-t', 'T1', ...f],
      T2: [...f, '-t', 'T2', '-j', 'web', '-r', '-c', says('T2')],
      T3: [`-c${says('T3')}`, `-j${jid}`, '-R', '-tT3', `-f${host.socket}`],
      T4: ['-rc', says('T4'), '-u80', '-j', jid, '-tT4', ...f],
      T5: ['-rR', '-c', says('T5'), '-j', jid, '-u', '80', '-g', '81', '-t', 'T5', ...f],
      // What belongs to -D is ignored, whatever it says.
      T6: [
        '-c',
        says('T6'),
        '-j',
        jid,
        '-t',
        'T6',
        '-p',
        '/nonexistent/pid',
        '--state',
        '/nonexistent',
        ...f,
      ],
    };
    for (const [title, args] of Object.entries(ways)) {
      const { code, stdout, stderr } = await jaildaemon(args);
      assert.is(code, 0, `${title}: ${stderr}`);
      assert.match(stdout, /^adhoc\/\d+\n$/);
      const probe = (await host.status()).probes.find((one) => one.id === stdout.trim());
      // It was armed before the answer.
      assert.is(probe?.state, 'armed');
      assert.is(probe?.title, title);
      assert.is(probe?.jail, 'web', 'the jail of that pid has a name in the file');
      assert.is(probe?.origin, 'ad-hoc');
    }
    const rows = (await host.status()).probes.filter(({ origin }) => origin === 'ad-hoc');
    assert.equal(
      rows.map(({ title, respawn, uid }) => `${title} ${respawn} ${uid}`),
      ['T1 never 0', 'T2 after 0', 'T3 immediately 0', 'T4 after 80', 'T5 immediately 80', 'T6 never 0'],
    );
    assert.match(await readFile(`/proc/${rows[4]?.pid}/status`, 'latin1'), /^Gid:\t81\t81\t81\t81$/m);
    for (const title of Object.keys(ways)) assert.is((await hup(jail, title)).code, 0);
  },
);

tell('first example: a single shot, which restarts its own jail', async (t) => {
  const { host, jail, path, says } = await started(t);
  const { code } = await host.cli(
    '-c',
    `${says('ezjail-admin restart')}`,
    '-j',
    String(jail.pid),
    '-t',
    'EZJAIL_REBOOT',
  );
  assert.is(code, 0);
  assert.ok((await jail.ps()).includes('EZJAIL_REBOOT'), 'the proctitle is visible from within the jail');
  assert.is((await jail.run(['/usr/bin/pkill', '-HUP', '-f', 'EZJAIL_REBOOT'])).code, 0);
  await until(
    async () => (await readFile(path('lines'), 'utf8').catch(() => '')) === 'ezjail-admin restart\n',
    'it ran',
  );
  // A single shot: when its command has ended, it is forgotten.
  await until(async () => (await host.status()).probes.length === 1, 'it is forgotten');
  assert.is((await jail.run(['/usr/bin/pkill', '-HUP', '-f', 'EZJAIL_REBOOT'])).code, 1);
  const [entry] = await host.history();
  assert.is(entry?.title, 'EZJAIL_REBOOT');
  assert.is(entry?.jail, 'web');
});

tell('second example: after the command has finished, a new probe with identical parameters', async (t) => {
  const { host, jail, reach } = await started(t);
  const command = `date +%s >/dev/null; echo "jails/$JAIL_NAME@$PROBE_TITLE" >>${join(t.dir, 'traces', 'lines')}`;
  const { stdout } = await host.cli('-c', command, '-j', 'web', '-r', '-u', '80', '-t', 'ZFS_SNAPSHOT');
  const id = stdout.trim();
  for (let i = 1; i <= 3; i++) {
    const armed = await host.probe(id, (p) => p.state === 'armed' && p.runs === i - 1, 'is armed');
    assert.is(armed.uid, 80);
    assert.is((await hup(jail, 'ZFS_SNAPSHOT', 80)).code, 0);
    assert.is((await reach(i))[i - 1], 'jails/web@ZFS_SNAPSHOT');
  }
});

tell('third example: an empty command is accepted, with a warning', async (t) => {
  const { host, jail } = await started(t);
  const { code, stdout, stderr } = await host.cli(
    '-c',
    '',
    '-j',
    String(jail.pid),
    '-r',
    '-t',
    'UPDATE_ROUTING',
  );
  assert.is(code, 0);
  assert.match(stderr, /warning: the command is empty/);
  assert.is((await hup(jail, 'UPDATE_ROUTING')).code, 0);
  const again = await host.probe(stdout.trim(), (p) => p.state === 'armed' && p.runs === 1, 'is back');
  assert.is(again.last?.exitCode, 0);
});

tell('without -t the title is jaildaemon:N', async (t) => {
  const { host, jail } = await started(t);
  const { stdout } = await host.cli('-c', 'true', '-j', 'web');
  const n = /^adhoc\/(\d+)\n$/.exec(stdout)?.[1];
  assert.ok((await jail.ps()).includes(`jaildaemon:${n}`));
});

tell('what cannot be armed is a failure that keeps nothing', async (t) => {
  const { host, jail } = await started(t);
  const cases: [args: string[], code: number, why: RegExp][] = [
    [['-c', 'true', '-j', 'nosuch'], 1, /no jail "nosuch"/],
    [['-c', 'true', '-j', '4000000'], 1, /no process 4000000/],
    [['-c', 'true', '-j', String(process.pid)], 1, /host's PID namespace/],
    [['-c', 'true', '-j', 'web', '-t', 'BUTTON'], 1, /"BUTTON" is taken .* web\/BUTTON/],
    [['-c', 'true', '-j', 'web', '-t', ''], 64, /1 to 200/],
    [['-c', 'true', '-j', 'web', '-t', 'a\nb'], 64, /printable/],
    [['-c', 'true', '-j', 'web', '-t', 'x'.repeat(201)], 64, /200/],
    [['-c', 'true', '-j', 'web', '-u', '-1'], 64, /-u "-1"/],
    [['-c', 'true', '-j', 'web', '-u', '4294967295'], 64, /4294967294/],
    [['-c', 'true', '-j', 'web', '-u', 'root'], 64, /names/],
    [['-c', 'true', '-j', 'web', '-u', ''], 64, /-u ""/],
    [['-c', 'x'.repeat(100_000), '-j', 'web'], 64, /65536/],
  ];
  for (const [args, code, why] of cases) {
    const outcome = await host.cli(...args);
    assert.is(outcome.code, code, `${args.join(' ').slice(0, 60)}: ${outcome.stderr}`);
    assert.match(outcome.stderr, why);
    assert.is(outcome.stdout, '');
  }
  assert.is((await host.status()).probes.length, 1);
  assert.is((await host.cli('-c', 'true', '-j', 'web', '-t', 'AD HOC')).code, 0);
  assert.match(
    (await host.cli('-c', 'true', '-j', 'web', '-t', 'AD HOC')).stderr,
    /is taken .*remove adhoc\/\d+/s,
  );
  assert.equal(
    (await jail.ps()).filter((line) => line.startsWith('jaildaemon:')),
    [],
  );
});

tell(
  'an ad hoc probe ends with the instance of its jail, with `remove`, or when the file takes its title',
  async (t) => {
    const { host, jail, reload } = await started(t);
    const attach = async (title: string): Promise<string> =>
      (await host.cli('-c', 'true', '-j', 'web', '-r', '-t', title)).stdout.trim();
    const [one, two, three] = [await attach('ONE'), await attach('TWO'), await attach('THREE')];
    assert.is((await host.cli('remove', one)).code, 0);
    assert.not.ok((await jail.ps()).includes('ONE'));
    assert.is((await host.cli('remove', one)).code, 1, 'only once');
    assert.is((await host.cli('remove', 'web/BUTTON')).code, 1, 'what the file declares is not removed so');

    const { code, stdout } = await reload((file) => {
      file.jails['web']!.probes['TWO'] = { command: 'true' };
    });
    assert.is(code, 0);
    assert.match(stdout, two, 'it says that the ad hoc one is taken away');
    assert.ok((await host.status()).probes.some(({ id, state }) => id === 'web/TWO' && state === 'armed'));
    assert.not.ok((await host.status()).probes.some(({ id }) => id === two));

    await jail.restart();
    await host.reaches('web/BUTTON', 'armed');
    await until(async () => (await host.status()).probes.every(({ id }) => id !== three), 'it is forgotten');
    assert.not.ok((await jail.ps()).includes('THREE'));
    // A number is never used twice.
    assert.is(await attach('FOUR'), 'adhoc/4');
  },
);

tell('-j with the pid of a jail that the file does not know', async (t) => {
  const { host } = await started(t);
  const stranger = await unshared.start(t, 'stranger');
  const { code, stdout, stderr } = await host.cli(
    '-c',
    'true',
    '-j',
    String(stranger.pid),
    '-r',
    '-t',
    'STRANGE',
  );
  assert.is(code, 0, stderr);
  const armed = await host.reaches(stdout.trim(), 'armed');
  assert.is(armed.jail, String(stranger.pid));
  assert.is((await hup(stranger, 'STRANGE')).code, 0);
  await host.probe(stdout.trim(), (p) => p.state === 'armed' && p.runs === 1, 'is back');
  await stranger.stop();
  await until(async () => (await host.status()).probes.length === 1, 'it ends with its jail');
});

tell('exactly one of -D and -c; in utility mode -j is mandatory', async (t) => {
  const { host } = await started(t);
  const paths = pathsOf(host);
  for (const args of [
    ['-D', '-c', 'true'],
    [],
    ['-j', 'web'],
    ['-c', 'true'],
    ['-D', 'status'],
    ['-c', 'true', '-j', 'web', 'status'],
  ]) {
    const { code, stderr } = await jaildaemon([...args, ...paths]);
    assert.is(code, 64, args.join(' '));
    assert.match(stderr, /^jaildaemon: /);
  }
});

run();

async function started(t: Teller) {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  await s.host.reaches('web/BUTTON', 'armed');
  return s;
}
