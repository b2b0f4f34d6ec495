/** sysexits(3), each with what is wrong, where, and what to do next; and help that shows how. */
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { jaildaemon, put, scene, stories } from '../daemon/scene.ts';
import { execute } from '../rig/execute.ts';
import { PROGRAM } from '../rig/daemon.ts';

const { tell, run } = stories('exit codes');
const COMMANDS = [
  'check',
  'plan',
  'reload',
  'status',
  'jails',
  'history',
  'output',
  'trigger',
  'remove',
  'upgrade',
  'stop',
];
const NEEDS: Record<string, string[]> = {
  output: ['12345678-1'],
  trigger: ['web', 'BUTTON'],
  remove: ['adhoc/1'],
};

tell('-h: an explanation and examples for every command, on stdout, exit 0', async () => {
  for (const command of [[], ...COMMANDS.map((name) => [name])]) {
    const { code, stdout, stderr } = await jaildaemon([...command, '-h']);
    assert.is(code, 0, command.join());
    assert.is(stderr, '');
    assert.match(stdout, /^Usage: jaildaemon/);
    assert.match(stdout, /\nExamples:\n {2}[$#] jaildaemon /);
    assert.ok(
      stdout.split('\n').every((line) => line.length <= 125),
      command.join(),
    );
  }
  assert.match((await jaildaemon(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

tell('64: what was typed cannot be meant', async () => {
  const wrong: [args: string[], say: RegExp][] = [
    [['statsu'], /no command "statsu"\n.*"status"/],
    [['status', '--nonsense'], /unknown option '--nonsense'/],
    [['status', 'a', 'b'], /too many arguments/],
    [['trigger', 'web'], /missing required argument 'title'/],
    [['output'], /missing required argument 'id'/],
    [['history', '-n', 'many'], /-n "many"/],
    [['history', '-n', '-1'], /-n "-1"/],
    [['-f'], /argument missing/],
    [['--log-format', 'xml', '-D'], /text, json/],
  ];
  for (const [args, say] of wrong) {
    const { code, stdout, stderr } = await jaildaemon(args);
    assert.is(code, 64, args.join(' '));
    assert.match(stderr, /^jaildaemon: /, args.join(' '));
    assert.match(stderr, say);
    assert.is(stdout, '');
  }
});

tell('69: no daemon, naming the socket, for every command that needs one', async (t) => {
  const socket = join(t.dir, 'nobody');
  for (const command of COMMANDS.filter((name) => name !== 'check')) {
    const { code, stderr } = await jaildaemon([command, ...(NEEDS[command] ?? []), '-f', socket]);
    assert.is(code, 69, command);
    assert.match(stderr, `no running daemon: ${socket}: ENOENT`);
    assert.match(stderr, 'jaildaemon -D');
  }
  const attach = await jaildaemon(['-c', 'true', '-j', '1', '-f', socket]);
  assert.is(attach.code, 69);
  assert.match(attach.stderr, socket);
  await put(socket, 'no socket');
  assert.is((await jaildaemon(['status', '-f', socket])).code, 69);
});

tell('77: another user than root or the daemon’s own', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  for (const path of [t.dir, s.host.dir]) await chmod(path, 0o755);
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath, PROGRAM];
  const status = await execute('setpriv', [...nobody, 'status', '-f', s.host.socket]);
  assert.is(status.code, 77);
  assert.match(status.stderr, `not permitted: ${s.host.socket}: EACCES (you are uid 65534)`);
  // He may check a file, though.
  await chmod(s.host.config, 0o644);
  const check = await execute('setpriv', [...nobody, 'check', s.host.config]);
  assert.is(check.code, 0, check.stderr);
  const start = await execute('setpriv', [...nobody, '-D', '--state', '/root/x', '-f', '/tmp/nobody.sock']);
  assert.is(start.code, 77, start.stderr);
});

tell('78: a broken file, wherever it is named', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const broken = join(s.host.dir, 'broken.yml');
  await put(broken, 'jails: { web: { pid: 1, probes: { B: { comand: x } } } }\n');
  for (const command of ['check', 'plan']) {
    const { code, stdout, stderr } = await s.host.cli(command, broken);
    assert.is(code, 78, command);
    assert.match(stderr, `${broken}:1:40: error: `);
    assert.match(stderr, '"command"');
    assert.is(stdout, '');
    const json = await s.host.cli(command, broken, '--json');
    assert.is(json.code, 78);
    assert.is((JSON.parse(json.stdout) as { ok: boolean }).ok, false);
  }
  await rm(broken);
  assert.is((await s.host.cli('plan', broken)).code, 78);
  assert.is((await s.host.cli('check', broken)).code, 78);
});

tell('1: what was asked for cannot be done', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'exit 3' }, GONE: { command: 'true' } }));
  await s.host.reaches('web/GONE', 'armed');
  assert.is((await s.host.cli('trigger', 'web', 'GONE')).code, 0);
  await s.host.reaches('web/GONE', 'spent');
  const cases: [args: string[], say: RegExp][] = [
    [['trigger', 'web', 'GONE'], /web\/GONE cannot be triggered: .*not armed/],
    [['trigger', 'web', 'NOSUCH'], /"web" has no probe "NOSUCH"/],
    [['trigger', 'nosuch', 'BUTTON'], /"nosuch"/],
    [['remove', 'adhoc/77'], /no ad hoc probe "adhoc\/77"/],
    [['output', '0123abcd-1'], /no trigger 0123abcd-1/],
  ];
  for (const [args, say] of cases) {
    const { code, stderr } = await s.host.cli(...args);
    assert.is(code, 1, args.join(' '));
    assert.match(stderr, say);
  }
  const waited = await s.host.cli('trigger', 'web', 'BUTTON', '--wait');
  assert.is(waited.code, 1, 'the command failed');
  assert.match(waited.stdout, /^[0-9a-f]{8}-\d+ {2}exit 3\n$/);
  assert.is((await s.host.cli('output', '../state.json')).code, 64);
});

tell('0, 2 and 3: plan, reload, status', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const next = join(s.host.dir, 'next.yml');
  assert.is((await s.host.cli('plan', '--detailed-exitcode')).code, 0);
  await put(next, JSON.stringify(s.file).replace('"true"', '"false"'));
  const plan = await s.host.cli('plan', next, '--detailed-exitcode');
  assert.is(plan.code, 2);
  assert.match(
    plan.stdout,
    /~ web\/BUTTON {2}pid \d+ {2}same process, new definition\na reload would come to: 1 changed in place\n/,
  );
  assert.is((await s.host.cli('plan', next)).code, 0, 'without the option changes are no failure');
  assert.is((await s.host.status()).config.generation, 1, 'nothing was done');
  assert.is((await s.host.cli('status')).code, 0);
  const { code } = await s.reload(({ jails }) => {
    jails['absent'] = { pid: '/nonexistent', probes: { WAITS: { command: 'true' } } };
  });
  assert.is(code, 0);
  assert.is((await s.host.cli('status')).code, 0, 'a jail that does not run is no failure');
  await s.reload(({ jails }) => {
    jails['host'] = { pid: 1, probes: { FAILS: { command: 'true' } } };
  });
  assert.is((await s.host.cli('status')).code, 3, 'a probe that has failed is');
  assert.is((await s.host.cli('status', '--json')).code, 3);
  assert.is((await s.host.cli('status', 'web')).code, 0, 'not if nobody asked for it');
  assert.is((await s.host.cli('status', 'ho*/FAILS')).code, 3);
  assert.is((await s.host.cli('status', 'nosuch')).code, 0);
});

run();
