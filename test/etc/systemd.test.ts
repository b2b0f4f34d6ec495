// limit: 120 s
// etc/jaildaemon.service under a real systemd, as process 1 of namespaces of its own: the promise of the keeper is worth
// nothing where a service manager kills it together with the daemon.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { untilThere } from '../rig/gate.ts';
import { PROGRAM } from '../rig/daemon.ts';
import { execute, type Outcome } from '../rig/execute.ts';
import { removeCgroups } from '../rig/kinds/cgroups.ts';
import { launch } from '../rig/launch.ts';
import type { HistoryEntry, ProbeStatus, Status } from '../rig/printed.ts';
import { descendants, killExactly, missing, startOf } from '../rig/proc.ts';
import { rootfs, ROOTFS_TOOLS } from '../rig/rootfs.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const suite = createSuite('systemd');
const SYSTEMD = '/lib/systemd/systemd';
const UNIT = join(import.meta.dirname, '../../etc/jaildaemon.service');
const UNIFIED = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((at) =>
  existsSync(join(at, 'cgroup.procs')),
);
const unless = existsSync(SYSTEMD)
  ? (missing('unshare', 'nsenter', 'systemctl', ...ROOTFS_TOOLS) ?? (UNIFIED ? undefined : 'no cgroup v2'))
  : 'no systemd';

/** A machine within the machine, whose process 1 is systemd. */
interface Machine {
  run(...argv: readonly string[]): Promise<Outcome>;
}

async function boot(t: Teller, units: string): Promise<Machine> {
  // A cgroup for all of it, to be emptied at the end; systemd takes it for the root of the tree.
  const group = t.unique('jd-systemd');
  await mkdir(join(UNIFIED ?? '', group));
  t.defer('remove its cgroups', () => removeCgroups(new RegExp(`^${group}$`)));
  const script = `set -e
echo $$ >${UNIFIED}/${group}/cgroup.procs
exec unshare --pid --fork --mount --cgroup --uts --ipc --kill-child sh -c '
  mount --make-rprivate /
  mount -t tmpfs tmpfs /run
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mount -t proc proc /proc
  exec env -i container=story SYSTEMD_UNIT_PATH=${units} SYSTEMD_SECCOMP=0 PATH=/usr/sbin:/usr/bin:/sbin:/bin ${SYSTEMD} --system --unit=story.target --log-target=console --show-status=no'`;
  const launcher = launch(t, 'systemd', ['sh', '-c', script]);
  const first = await until(() => descendants(launcher.pid)[0], 'systemd has been started', {
    last: launcher.told,
  });
  const start = startOf(first);
  t.defer('end systemd', () => killExactly(first, start));
  t.onFailure(launcher.told);
  const run: Machine['run'] = (...argv) =>
    execute('nsenter', ['-t', String(first), '-m', '-p', '--', ...argv]);
  await until(
    async () => (await run('systemctl', 'is-active', 'story.target')).stdout === 'active\n',
    'systemd is up',
    { seconds: 30, last: launcher.told },
  );
  return { run };
}

story(
  suite,
  'kill -9 of the daemon leaves the probe armed and the command running, and systemd starts the next; stop ends all of it',
  { seconds: 110, unless },
  async (t) => {
    const root = await rootfs(t, 'web');
    const [host, units] = [join(t.dir, 'host'), join(t.dir, 'units')];
    const [config, gate] = [join(host, 'jaildaemon.yml'), join(host, 'gate')];
    await mkdir(host, { mode: 0o700 });
    await mkdir(units);
    const paths = [
      '--state',
      join(host, 's'),
      '-f',
      join(host, 'sock'),
      '-p',
      join(host, 'pid'),
      '--config',
      config,
    ];
    const probe = (command: string, respawn: string): string =>
      `{ respawn: ${respawn}, command: '${command}' }`;
    await writeFile(
      config,
      `settings: { grace: 1s }
jails:
  web:
    chroot: ${root}
    probes:
      BUTTON-STAYS: ${probe('true', 'immediately')}
      BUTTON-RUNS: ${probe(`${untilThere(gate)}; exit 5`, 'after')}
`,
      { mode: 0o600 },
    );
    // The unit as it is, with the program and the files of this story.
    const program = `${process.execPath} ${PROGRAM}`;
    const text = (await readFile(UNIT, 'utf8'))
      .replace('/usr/local/bin/jaildaemon -D', `${program} -D ${paths.join(' ')}`)
      .replaceAll(/\/usr\/local\/bin\/jaildaemon (\w+)/g, `${program} $1 -f ${join(host, 'sock')}`);
    assert.not.match(text, '/usr/local/bin');
    await writeFile(join(units, 'jaildaemon.service'), text);
    // What every service depends on, without the rest of a machine.
    for (const name of ['story', 'sysinit', 'basic', 'shutdown', 'network'])
      await writeFile(join(units, `${name}.target`), '[Unit]\n');
    const { run } = await boot(t, units);
    const cli = async <T>(...words: string[]): Promise<T> => {
      const { stdout, stderr } = await run(
        ...program.split(' '),
        ...words,
        '--json',
        '-f',
        join(host, 'sock'),
      );
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout) as T;
    };
    const reach = (id: string, state: string): Promise<ProbeStatus> =>
      until(
        async () => {
          const status = await cli<Status>('status').catch(() => undefined);
          return status?.probes.find((one) => one.id === id && one.state === state);
        },
        `${id} is ${state}`,
        { seconds: 20 },
      );
    const mainPid = async (): Promise<string> =>
      (await run('systemctl', 'show', '-p', 'MainPID', '--value', 'jaildaemon')).stdout.trim();

    assert.is((await run('systemctl', 'start', 'jaildaemon')).stderr, '');
    const stays = await reach('web/BUTTON-STAYS', 'armed');
    const runs = await reach('web/BUTTON-RUNS', 'armed');
    assert.is((await run('chroot', root, '/bin/kill', '-HUP', String(runs.pid))).code, 0);
    await reach('web/BUTTON-RUNS', 'running');

    const before = await mainPid();
    assert.is((await run('kill', '-9', before)).code, 0);
    const after = await until(
      async () => {
        const pid = await mainPid();
        return pid !== before && pid !== '0' && pid;
      },
      'systemd has started another daemon',
      { seconds: 20 },
    );
    assert.is((await reach('web/BUTTON-STAYS', 'armed')).pid, stays.pid, 'the very same process');
    await reach('web/BUTTON-RUNS', 'running');
    await writeFile(gate, '');
    await reach('web/BUTTON-RUNS', 'armed');
    const [entry] = await history(run, program, join(host, 'sock'));
    assert.is(entry?.exitCode, 5, 'its end was seen, since its keeper lives');

    // The daemon ends with an error on purpose: systemd starts the next one, and does not run ExecStop=.
    const upgrade = await run(...program.split(' '), 'upgrade', '-f', join(host, 'sock'));
    assert.is(upgrade.code, 0, upgrade.stderr);
    assert.match(upgrade.stdout, 'goes on: 2 of 2 armed probes kept their process');
    const upgraded = await mainPid();
    assert.is.not(upgraded, after);
    assert.is((await reach('web/BUTTON-STAYS', 'armed')).pid, stays.pid, 'the very same process');

    assert.is((await run('systemctl', 'reload', 'jaildaemon')).code, 0);
    assert.is(await mainPid(), upgraded);
    assert.is((await run('systemctl', 'stop', 'jaildaemon')).code, 0);
    assert.not.match((await run('ps', '-eo', 'args=')).stdout, /BUTTON|dist\/keeper/);
  },
);

async function history(run: Machine['run'], program: string, socket: string): Promise<HistoryEntry[]> {
  const { stdout } = await run(...program.split(' '), 'history', '--json', '-f', socket);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as HistoryEntry);
}

suite.run();
