// `jaildaemon doctor` looks at a living system: at every kind of jail, at what was left open, and at what is no probe.
import { spawn } from 'node:child_process';
import { chmod, link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Examination } from '../../src/doctor/examine.ts';
import { judgeProbe } from '../../src/doctor/judge-probe.ts';
import { readProbe } from '../../src/doctor/probe-facts.ts';
import { reachedFrom, seesHostRoot } from '../../src/doctor/reach.ts';
import { parseMounts } from '../../src/jails/mounts.ts';
import { daemon } from '../rig/daemon.ts';
import { KINDS } from '../rig/kinds.ts';
import { bubblewrap } from '../rig/kinds/bubblewrap.ts';
import { unshared, unsharedChroot } from '../rig/kinds/unshare.ts';
import { launch } from '../rig/launch.ts';
import { commandOf, descendants, innerPid } from '../rig/proc.ts';
import { rootfs } from '../rig/rootfs.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { scene } from './scene.ts';

const suite = createSuite('doctor');

type Said = Examination & { readonly ok: boolean };

for (const kind of KINDS) {
  story(
    suite,
    `${kind.name}: a sound probe is found sound`,
    { seconds: 80, unless: kind.available() },
    async (t) => {
      const { host } = await scene(t, kind);
      await host.reaches('web/BUTTON', 'armed');
      const said = await host.json<Said>('doctor');
      assert.equal(
        said.findings.filter(({ severity }) => severity === 'danger'),
        [],
      );
      assert.is(said.looked.probes, 1);
      assert.ok(
        said.findings.some(({ code }) => code === 'uid-0'),
        'a lesser uid is advised',
      );
      // This kind alone shares the host's root file system.
      assert.equal(
        said.findings.filter(({ severity }) => severity === 'warning').map(({ code }) => code),
        kind === unshared ? ['host-root'] : [],
      );
    },
  );
}

story(
  suite,
  'what is open to others, a stopped probe and a program that others may write are told with the way to mend them',
  { seconds: 80, unless: unsharedChroot.available() },
  async (t) => {
    const { host } = await scene(t, unsharedChroot);
    const { pid } = await host.reaches('web/BUTTON', 'armed');
    assert.is((await host.cli('doctor')).code, 0);

    const state = join(host.state, 'state.json');
    await chmod(state, 0o644);
    await link(join(host.state, 'config.json'), join(host.dir, 'planted'));
    process.kill(pid ?? 0, 'SIGSTOP');
    await until(
      async () => /^State:\tT/m.test(await readFile(`/proc/${pid}/status`, 'utf8')),
      'it is stopped',
    );
    const script = join(host.dir, 'script');
    await writeFile(script, '#!/bin/sh\n');
    const { code, stdout } = await host.cli('doctor');
    assert.is(code, 1);
    assert.match(
      stdout,
      `danger: ${state}: the state directory's state.json is open to others (mode 0644)\n  = chmod 0600 ${state}\n`,
    );
    assert.match(stdout, /danger: .*config\.json: .* has 2 names: a hard link was put somewhere/);
    assert.match(
      stdout,
      `warning: web/BUTTON: pid ${pid}: it is stopped: its HUP is delivered when it goes on\n`,
    );
    assert.match(stdout, `  = kill -CONT ${pid}\n`);
    assert.match(stdout, /2 dangers, 1 warning, 1 note; looked at 1 armed probe, 1 running jail, \d+ files/);
    process.kill(pid ?? 0, 'SIGCONT');
  },
);

story(
  suite,
  'a title that is found in another process of the jail, and the configuration as it is on disk now',
  { seconds: 80, unless: unsharedChroot.available() },
  async (t) => {
    const jail = await unsharedChroot.start(t, 'web');
    const script = join(t.dir, 'script');
    await writeFile(script, '#!/bin/sh\n', { mode: 0o755 });
    const host = await daemon(
      t,
      `jails: { web: { ${jail.where}, probes: { A: { title: "sleep 3600", uid: 7, command: [${script}] } } } }`,
    );
    await host.reaches('web/A', 'armed');
    await chmod(script, 0o775);
    const adhoc = await host.cli('-c', `${script} now`, '-j', 'web');
    assert.is(adhoc.code, 1);
    assert.match(adhoc.stderr, 'others could change what this command runs');
    const said = await host.json<Said>('doctor');
    assert.equal(
      said.findings.map(({ severity, code }) => `${severity} ${code}`),
      ['danger untrusted-command', 'warning title-reaches'],
    );
    assert.match(said.findings[1]?.message ?? '', 'pkill -f "sleep 3600" also reaches pid ');
  },
);

suite('an ordinary process keeps hardly any promise of a probe', async () => {
  const child = spawn('sleep', ['600'], { env: { SECRET: 'yes' }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const pid = child.pid ?? 0;
    const facts = await until(() => {
      const seen = readProbe(pid);
      return seen?.commandLine.startsWith('sleep') ? seen : undefined;
    }, 'it has been executed');
    const origin = { file: 'f', line: 1 };
    const probe = {
      id: 'web/A',
      jail: 'web',
      title: 'A',
      uid: 80,
      gid: 80,
      groups: [],
      argv: [],
      pid,
      origin,
    };
    const found = judgeProbe(probe, facts, {
      keeper: 1,
      namespaces: new Map([['pid', 'pid:[1]']]),
      root: '/srv/jail',
    });
    const codes = found
      .filter(({ severity }) => severity === 'danger')
      .map(({ code }) => code.slice('probe-'.length));
    const all =
      'parent seccomp privileges capabilities descriptors environment title program uid gid session namespaces root cwd';
    assert.equal(
      all.split(' ').filter((code) => !codes.includes(code)),
      [],
    );
  } finally {
    child.kill('SIGKILL');
  }
});

suite('what a jail reaches through its mounts', () => {
  const host = parseMounts(
    `21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 8:2 / /srv rw,relatime shared:2 - ext4 /dev/sdb1 rw`,
  );
  const jail = parseMounts(
    `90 80 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/l
91 90 8:1 /opt/tools /tools ro,relatime - ext4 /dev/sda1 rw
92 90 8:2 /my\\040data /data rw,relatime - ext4 /dev/sdb1 rw
93 90 8:2 /hidden /data/below rw,relatime - ext4 /dev/sdb1 rw
94 93 0:51 / /data/below rw,relatime - tmpfs tmpfs rw`,
  );
  assert.equal(reachedFrom(jail, host, '/opt/tools/bin/x'), { path: '/tools/bin/x', writable: false });
  assert.equal(reachedFrom(jail, host, '/srv/my data/run.sh'), { path: '/data/run.sh', writable: true });
  assert.is(reachedFrom(jail, host, '/usr/bin/zfs'), undefined);
  assert.is(reachedFrom(jail, host, '/srv/hidden/run.sh'), undefined, 'another mount is in the way');
  assert.is(seesHostRoot(jail, host), false);
  assert.is(seesHostRoot(parseMounts('1 2 8:1 / / rw - ext4 /dev/sda1 rw'), host), true);
});

story(
  suite,
  'a program and an include below the root of a jail, whosever they are',
  { seconds: 80, unless: unsharedChroot.available() },
  async (t) => {
    const jail = await unsharedChroot.start(t, 'web');
    const other = await unsharedChroot.start(t, 'other');
    const shared = join(t.dir, 'web', 'shared');
    await mkdir(join(shared, 'empty'), { recursive: true });
    const script = join(shared, 'script');
    await writeFile(script, '#!/bin/sh\n', { mode: 0o755 });
    const host = await daemon(
      t,
      `include: [${shared}/empty/*.yml]
jails:
  web: { ${jail.where}, probes: { A: { uid: 7, command: 'true' } } }
  other: { ${other.where}, probes: { B: { uid: 7, command: [${script}] } } }
`,
    );
    await host.reaches('web/A', 'armed');
    await host.reaches('other/B', 'armed');
    const { findings } = await host.json<Said>('doctor');
    assert.equal(
      findings.map(({ severity, code, subject }) => `${severity} ${code} ${subject}`),
      Array(2).fill('danger inside-jail web'),
    );
    for (const what of [`the configuration (${shared}/empty)`, `the command of other/B (${script})`])
      assert.ok(
        findings.some(({ message }) => message.startsWith(what)),
        what,
      );
  },
);

story(
  suite,
  'what a jail has in bind mounts of its own: a command of another jail, and the directory of an include',
  { seconds: 80, unless: bubblewrap.available() },
  async (t) => {
    const [tools, includes] = [join(t.dir, 'tools'), join(t.dir, 'conf.d')];
    for (const folder of [tools, includes]) await mkdir(folder);
    await writeFile(join(tools, 'run'), '#!/bin/sh\n', { mode: 0o755 });
    const contained = async (name: string, mounts: readonly string[]): Promise<number> => {
      const root = await rootfs(t, name);
      const files = ['--bind', root, '/', '--proc', '/proc', ...mounts];
      const spaces = ['--unshare-pid', '--unshare-ipc', '--unshare-net', '--as-pid-1', '--die-with-parent'];
      const launcher = launch(t, name, ['bwrap', ...files, ...spaces, '/bin/sleep', '3600']);
      return until(
        () => descendants(launcher.pid).find((pid) => innerPid(pid).depth > 1 && commandOf(pid) === 'sleep'),
        'the jail is there',
        { last: launcher.told },
      );
    };
    const web = await contained('web', ['--bind', tools, '/tools', '--bind', includes, '/conf.d']);
    const sound = await contained('sound', ['--ro-bind', tools, '/tools']);
    const host = await daemon(
      t,
      `include: [${includes}/*.yml]
jails:
  web: { pid: ${web}, probes: { A: { uid: 7, title: WEB-A, command: 'true' } } }
  sound: { pid: ${sound}, probes: { B: { uid: 7, title: SOUND-B, command: [${tools}/run] } } }
`,
    );
    for (const id of ['web/A', 'sound/B']) await host.reaches(id, 'armed');
    const { findings } = await host.json<Said>('doctor');
    assert.equal(
      findings.map(({ code, subject, message }) => `${code} ${subject}: ${message}`),
      [
        `reachable web: the configuration (${includes}) can be changed from inside, as /conf.d`,
        `reachable web: the command of sound/B (${tools}/run) can be changed from inside, as /tools/run`,
      ],
    );
  },
);

suite.run();
