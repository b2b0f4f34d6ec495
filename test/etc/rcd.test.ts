/**
 * etc/rc.d/jaildaemon under the POSIX shells that are here, with the real daemon. rc.subr(8) is stood in for by one that does
 * what FreeBSD's does with such a script and writes down what it runs.
 */
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { daemon, PROGRAM, type Daemon } from '../rig/daemon.ts';
import { execute, type Outcome } from '../rig/execute.ts';
import { missing } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';

const SCRIPT = join(import.meta.dirname, '../../etc/rc.d/jaildaemon');
const SUBR = join(import.meta.dirname, 'rc.subr');
const SHELLS: readonly (readonly [name: string, ...argv: string[]])[] = [
  ['dash', 'dash'],
  ['busybox', 'busybox', 'sh'],
];

const services = suite('rc.d');

interface Service {
  readonly host: Daemon;
  /** service(8): with an empty environment. */
  run(...args: readonly string[]): Promise<Outcome>;
  /** What was run since the last question. */
  ran(): Promise<string>;
  configure(...lines: readonly string[]): Promise<void>;
}

async function service(t: Teller, shell: readonly string[]): Promise<Service> {
  const host = await daemon(t, 'jails: {}\n');
  await host.cli('stop');
  const { dir } = host;
  const [script, conf, trace, program] = ['script', 'rc.conf', 'trace', 'jaildaemon'].map((name) =>
    join(dir, name),
  ) as [string, string, string, string];
  const text = await readFile(SCRIPT, 'utf8');
  await writeFile(script, text.replace('. /etc/rc.subr', `. ${SUBR}`));
  await chmod(script, 0o755);
  // As npm installs it.
  await symlink(PROGRAM, program);
  const own = [
    `jaildaemon_program="${program}"`,
    `jaildaemon_config="${host.config}"`,
    `jaildaemon_state="${host.state}"`,
    `jaildaemon_socket="${host.socket}"`,
    `jaildaemon_pidfile="${join(dir, 'pid')}"`,
    `jaildaemon_flags="--log ${join(dir, 'log')}"`,
  ];
  const configure = (...lines: readonly string[]): Promise<void> =>
    writeFile(conf, [...own, ...lines, ''].join('\n'));
  await configure('jaildaemon_enable="YES"');
  const [file = '', ...args] = shell;
  return {
    host,
    configure,
    run: (...words) =>
      execute('env', [
        '-i',
        `RC_CONF=${conf}`,
        `RC_TRACE=${trace}`,
        'PATH=/bin:/usr/bin',
        file,
        ...args,
        script,
        ...words,
      ]),
    async ran() {
      const said = existsSync(trace) ? await readFile(trace, 'utf8') : '';
      await rm(trace, { force: true });
      return said.replaceAll(dir, '@');
    },
  };
}

for (const [name, ...shell] of SHELLS) {
  const unless = missing(shell[0] ?? '');

  story(services, `${name}: start, status, reload, stop`, { unless, seconds: 60 }, async (t) => {
    const s = await service(t, shell);
    assert.equal((await s.run('status')).stdout, 'jaildaemon is not running.\n');
    assert.is((await s.run('status')).code, 1);

    const start = await s.run('start');
    assert.equal([start.code, start.stdout, start.stderr], [0, 'Starting jaildaemon.\n', '']);
    assert.is(
      await s.ran(),
      'run: jaildaemon_prestart\nrun: @/jaildaemon --log @/log -D --config @/jaildaemon.yml --state @/s -f @/sock -p @/pid\n',
    );
    const pid = await s.host.pid();
    assert.equal((await s.run('status')).stdout, `jaildaemon is running as pid ${pid}.\n`);
    assert.is((await s.run('start')).stderr, `jaildaemon already running?  (pid=${pid}).\n`);

    await s.ran();
    await s.host.edit('jails:\n  web: { chroot: /nowhere, probes: { A: { command: "true" } } }\n');
    assert.match((await s.run('plan')).stdout, /web\/A/);
    const reload = await s.run('reload');
    assert.is(reload.code, 0);
    assert.match(reload.stdout, /^generation \d+ is active/m);
    assert.match((await s.run('probes')).stdout, /^web +A /m);
    await s.host.edit('jails: {web: {prbes: 1}}\n');
    const broken = await s.run('reload');
    assert.is(broken.code, 78);
    assert.match(broken.stderr, /did you mean "probes"\?/);

    const configtest = await s.run('configtest');
    assert.is(configtest.code, 78);
    assert.match(configtest.stderr, /did you mean "probes"\?/);
    assert.is.not((await s.run('restart')).code, 0);
    assert.is(await s.host.pid(), pid, 'a restart that would fail does not begin');
    await s.host.edit('jails: {}\n');
    assert.is((await s.run('restart')).code, 0);
    assert.is.not(await s.host.pid(), pid);

    const old = await s.host.pid();
    const upgrade = await s.run('upgrade');
    assert.is(upgrade.code, 0, upgrade.stderr);
    assert.is.not(await s.host.pid(), old);
    assert.is((await s.run('status')).stdout, `jaildaemon is running as pid ${await s.host.pid()}.\n`);

    const stop = await s.run('stop');
    assert.equal([stop.code, stop.stdout], [0, 'Stopping jaildaemon.\n']);
    assert.not(existsSync(s.host.socket));
    assert.is((await s.run('status')).code, 1);
  });

  story(services, `${name}: off, unless it is asked for`, { unless }, async (t) => {
    const s = await service(t, shell);
    await s.configure();
    assert.match((await s.run('start')).stdout, /^Cannot 'start' jaildaemon\. Set jaildaemon_enable to YES/);
    assert.is(await s.ran(), '');
    assert.is((await s.run('onestart')).code, 0);
    assert.is((await s.run('onestop')).code, 0);
    await rm(s.host.config);
    const { code, stderr } = await s.run('onestart');
    assert.is(code, 1);
    assert.is(stderr, `${s.host.config} is not readable.\n`);
  });
}

story(services, 'what rcorder(8) reads', {}, async () => {
  const text = await readFile(SCRIPT, 'utf8');
  assert.match(
    text,
    /^#!\/bin\/sh\n#\n# PROVIDE: jaildaemon\n# REQUIRE: LOGIN jail\n# KEYWORD: nojail shutdown\n#/,
  );
});

story(services, 'shellcheck has nothing to say', { unless: missing('shellcheck') }, async () => {
  // SC1091, SC2034: rc.subr is not here, and it is who uses the variables.
  const script = await execute('shellcheck', ['-s', 'sh', '-e', 'SC1091,SC2034', SCRIPT]);
  assert.is(script.stdout, '');
  // SC2154: of the script.
  assert.is((await execute('shellcheck', ['-s', 'sh', '-e', 'SC2154', SUBR])).stdout, '');
});

services.run();
