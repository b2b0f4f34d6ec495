/** What is printed for people: bounded by who reads it, safe for his terminal. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as assert from 'uvu/assert';
import { scene, stories } from '../daemon/scene.ts';
import { PROGRAM } from '../rig/daemon.ts';
import { execute } from '../rig/execute.ts';
import { until } from '../rig/until.ts';

const { tell, run } = stories('printing');
const JAILDAEMON = `${process.execPath} ${PROGRAM}`;
// oxlint-disable-next-line no-control-regex -- control characters are the point
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;
const sh = (script: string) => execute('/bin/bash', ['-o', 'pipefail', '-c', script]);

tell('to a reader that leaves: no error, no stack', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'head -c 200000 /dev/zero | tr "\\0" x' } }));
  await s.reload(({ jails }) => {
    const probes = Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`B-${String(i).padStart(4, '0')}`, { command: 'true' }]),
    );
    jails['absent'] = { pid: '/nonexistent', probes };
  });
  const { stdout: run } = await s.host.cli('trigger', 'web', 'BUTTON', '--wait');
  const id = run.split(' ')[0];
  for (const command of ['status', 'status --json', 'plan', 'reload --json', '-h', `output ${id}`]) {
    const { code, stderr } = await sh(`${JAILDAEMON} ${command} -f ${s.host.socket} | head -c 10`);
    assert.is(stderr, '', command);
    assert.is(code, 0, command);
  }
  const full = await sh(`${JAILDAEMON} status -f ${s.host.socket} >/dev/full`);
  assert.is(full.code, 1);
  assert.is(full.stderr, 'jaildaemon: cannot write the output: ENOSPC\n');
  // Ten thousand rows into a slow pipe are not cut by the end of the program.
  const slow = await sh(`${JAILDAEMON} status -f ${s.host.socket} | (sleep 0.3; wc -l)`);
  assert.is(slow.stdout.trim(), '3004');
});

tell(
  'history: -n, a glob, and --follow, which tells a trigger when it comes and when it has ended',
  async (t) => {
    const s = await scene(t, (at) => ({
      ONE: { command: 'true', respawn: 'after' },
      TWO: { command: `${at.waits()}; exit 6`, respawn: 'after' },
    }));
    await s.host.reaches('web/TWO', 'armed');
    assert.is((await s.host.cli('history')).stdout, 'no triggers\n');
    for (let i = 0; i < 5; i++) {
      await s.host.cli('trigger', 'web', 'ONE', '--wait');
      await s.host.probe('web/ONE', (p) => p.state === 'armed' && p.runs === i + 1, 'is back');
    }
    const lines = async (...args: string[]): Promise<string[]> =>
      (await s.host.cli('history', ...args)).stdout.trim().split('\n').filter(Boolean);
    const all = await s.host.history();
    assert.is(all.length, 5);
    assert.equal(
      [...all].sort((a, b) => a.firedAt.localeCompare(b.firedAt)),
      all,
      'the newest last',
    );
    assert.is((await lines('-n', '2')).length, 3);
    assert.match((await lines('-n', '2'))[2] ?? '', all[4]?.id ?? '');
    assert.equal(await lines('-n', '0', '--json'), []);
    assert.is((await lines('web')).length, 6);
    assert.is((await lines('web/O*', '--json')).length, 5);
    assert.equal(await lines('web/TWO', '--json'), []);

    const out = openSync(s.path('followed'), 'w');
    const follower = spawn(
      process.execPath,
      [PROGRAM, 'history', 'web/TWO', '--follow', '--json', '-f', s.host.socket],
      {
        stdio: ['ignore', out, 'ignore'],
      },
    );
    t.defer('end it', () => follower.kill('SIGKILL'));
    const followed = async () =>
      (await readFile(s.path('followed'), 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { title: string; fate?: string; exitCode?: number });
    // It may not listen yet: what it missed it reads from the history.
    assert.is((await s.hup('TWO')).code, 0);
    await until(async () => (await followed()).length > 0, 'it tells the trigger');
    await s.host.cli('trigger', 'web', 'ONE', '--wait');
    s.open();
    const told = await until(
      async () => ((await followed()).at(-1)?.exitCode === 6 ? followed() : undefined),
      'and its end',
    );
    assert.ok(
      told.every(({ title }) => title === 'TWO'),
      'and no other',
    );
    assert.ok(['queued', 'running'].includes(told[0]?.fate ?? ''), JSON.stringify(told));
    const ended = new Promise((resolve) => follower.once('exit', resolve));
    await s.host.cli('stop');
    await ended;
  },
);

tell('control characters never reach the terminal', async (t) => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e';
  const s = await scene(t, () => ({
    BUTTON: {
      command: "printf 'a\\033[31mred\\033]0;x\\007\\r\\nb\\302\\233c\\342\\200\\256d'",
      respawn: 'after',
    },
  }));
  const { stdout: fired } = await s.host.cli('trigger', 'web', 'BUTTON', '--wait');
  const id = fired.split(' ')[0];
  // Byte for byte into a pipe: it is data there.
  assert.match((await s.host.cli('output', id ?? '')).stdout, '\u001b[31mred');
  const terminal = await sh(
    `script -qec "${JAILDAEMON} output ${id} -f ${s.host.socket}" /dev/null </dev/null`,
  );
  assert.not.match(terminal.stdout.replaceAll('\r\n', '\n'), CONTROL);
  assert.match(terminal.stdout, 'a\\e[31mred');
  assert.match(terminal.stdout, 'c\\u202ed');

  // What a person types or writes comes back in messages.
  const words: string[][] = [
    ['status', evil],
    ['trigger', evil, evil],
    ['output', evil],
    ['remove', evil],
    ['history', '-n', evil],
    ['plan', `/tmp/${evil}`],
    ['check', `/tmp/${evil}`],
    ['-c', 'true', '-j', evil],
    ['-c', 'true', '-j', 'web', '-t', evil],
    [evil],
    [`--${evil}`],
    ['status', `--${evil}`],
    ['status', '-f', `/tmp/${evil}`],
  ];
  for (const args of words) {
    const { stdout, stderr } = await s.host.cli(...args);
    assert.not.match(stdout + stderr, CONTROL, JSON.stringify(args));
  }
  await s.host.edit(
    JSON.stringify({ jails: { [`we${evil}b`]: { pid: `/tmp/${evil}`, probes: { B: {} } } } }),
  );
  for (const command of ['reload', 'status']) {
    const { stdout, stderr } = await s.host.cli(command);
    assert.not.match(stdout + stderr, CONTROL, command);
  }
  assert.not.match(await s.host.log(), CONTROL);
});

run();
