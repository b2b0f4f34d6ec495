/** A file with errors changes nothing, and nobody can overlook it. */
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isAlive, killExactly, startOf } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { jaildaemon, probesOf, scene, stories } from './scene.ts';

const { tell, run } = stories('broken file');
const BROKEN = 'jails:\n  web:\n    probs: {}\n';

tell(
  'by reload: exit 78 with the diagnostics; what held holds, status leads with it, and it recovers',
  async (t) => {
    const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }));
    const before = await s.host.reaches('web/BUTTON', 'armed');
    await s.host.edit(BROKEN);
    const { code, stderr, stdout } = await s.host.cli('reload');
    assert.is(code, 78);
    assert.is(stdout, '');
    assert.match(stderr, `${s.host.config}:3:5: error: `);
    assert.match(stderr, /probes/);
    assert.match(stderr, /nothing was changed: generation 1 stays active/);

    const status = await s.host.cli('status');
    assert.is(status.code, 3);
    const [first, second] = status.stdout.split('\n');
    assert.match(first ?? '', /^CONFIGURATION IN ERROR since \d\d:\d\d:\d\d: generation 1 stays active$/);
    assert.match(second ?? '', `${s.host.config}:3:5: error: `);
    const json = await s.host.status();
    assert.is(json.config.generation, 1);
    assert.ok(json.config.error?.diagnostics.length);
    assert.is(json.probes[0]?.pid, before.pid);
    // All goes on as before.
    assert.is((await s.hup()).code, 0);
    await s.reach(1);

    // The very same contents as before the accident: healed, and no new generation.
    await s.write(() => {});
    await until(async () => (await s.host.status()).config.error === undefined, 'it is healed');
    assert.is((await s.host.cli('status')).code, 0);
    assert.is((await s.host.status()).config.generation, 1);
    assert.match(await s.host.log(), `${s.host.config} is good again: generation 1 stays active`);
    await s.reload((file) => {
      probesOf(file)['MORE'] = { command: 'true' };
    });
    assert.is((await s.host.status()).config.generation, 2);
  },
);

tell('what is merely unwise is a warning in check, plan and status', async (t) => {
  const s = await scene(t, () => ({ 'a(b': { command: 'true' } }));
  const warning = /warning: .*the title "a\(b" is a pattern to pkill -f/;
  assert.match((await jaildaemon(['check', s.host.config])).stderr, warning);
  const plan = await s.host.cli('plan');
  assert.match(plan.stderr, warning);
  const status = await s.host.cli('status');
  assert.is(status.code, 0);
  const [, second, third] = status.stdout.split('\n');
  assert.match(second ?? '', `warning: ${s.host.config}:1: the title "a(b" is a pattern`);
  assert.is(third, '"jaildaemon plan" tells what to do');
});

tell('a daemon that starts beside a living keeper goes on with what held, and says so', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const before = await s.host.reaches('web/BUTTON', 'armed');
  const pid = await s.host.pid();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'it is gone');
  await s.host.edit(BROKEN);
  const { code, stderr } = await s.host.start();
  assert.is(code, 0, stderr);
  assert.match(stderr, `warning: ${s.host.config} has errors: generation 1 goes on`);
  assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, before.pid);
  assert.is((await s.host.cli('status')).code, 3);
});

tell('by itself and by SIGHUP: the same, in log and status', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const before = await s.host.reaches('web/BUTTON', 'armed');
  await s.host.edit(BROKEN);
  await until(async () => (await s.host.status()).config.error !== undefined, 'status says so');
  assert.match(await s.host.log(), `${s.host.config}:3:5`);
  process.kill(await s.host.pid(), 'SIGHUP');
  assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, before.pid);
});

tell('emptied, removed, made unreadable, given away: each says what it is', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const before = await s.host.reaches('web/BUTTON', 'armed');
  const good = JSON.stringify(s.file);
  const spoil: Record<string, () => Promise<unknown>> = {
    emptied: () => writeFile(s.host.config, ''),
    'written by all': () => chmod(s.host.config, 0o666),
    removed: () => rm(s.host.config),
    garbage: () => writeFile(s.host.config, Buffer.from([0xff, 0xfe, 0, 1])),
    'without jails': () => writeFile(s.host.config, '{ "settings": {} }'),
  };
  for (const [name, act] of Object.entries(spoil)) {
    await s.host.edit(good);
    await act();
    const { code, stderr } = await s.host.cli('reload');
    assert.is(code, 78, `${name}: ${stderr}`);
    assert.match(stderr, s.host.config, name);
    assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, before.pid, name);
    assert.is((await s.host.cli('status')).code, 3, name);
  }
  await s.host.edit(good);
  await until(async () => (await s.host.cli('status')).code === 0, 'it is healed');
  assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, before.pid);
});

tell('`jails: {}` is no accident: it takes everything away', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  await s.host.edit('jails: {}\n');
  assert.is((await s.host.cli('reload')).code, 0);
  assert.equal((await s.host.status()).probes, []);
  assert.not.ok((await s.jail.ps()).includes('BUTTON'));
});

tell('and the last good one is spoiled: the daemon does not start, and says what to mend', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const { pid } = await s.host.reaches('web/BUTTON', 'armed');
  await killExactly(await s.host.pid(), startOf(await s.host.pid()));
  await s.host.edit(BROKEN);
  const remembered = join(s.host.state, 'config.json');
  for (const text of ['{"jai', '{}', '[1]', 'null', '{"settings":{},"jails":7}']) {
    await writeFile(remembered, text);
    const { code, stderr } = await s.host.start();
    assert.is(code, 1, `${text}: ${stderr}`);
    assert.match(stderr, `jaildaemon: ${remembered} is spoiled: `);
    assert.match(stderr, /mend the configuration/);
    assert.not.match(stderr, /\n\s+at /, 'no stack trace');
  }
  await s.write(() => {});
  assert.is((await s.host.start()).code, 0);
  assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, pid, 'it was there all the time');
});

tell('without a file at the default path the daemon starts with nothing declared', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  await s.host.cli('stop');
  // No --config: this host has none at the default path.
  const paths = ['--state', s.host.state, '-f', s.host.socket, '-p', join(s.host.dir, 'pid')];
  const { code, stderr } = await jaildaemon(['-D', ...paths, '--log', join(s.host.dir, 'log')]);
  assert.is(code, 0, stderr);
  const status = await s.host.status();
  assert.is(status.config.file, '/usr/local/etc/jaildaemon.yml');
  assert.equal(status.probes, []);
  assert.is((await s.host.cli('status')).code, 0);
  // Which is how the original was used.
  const adhoc = await s.host.cli('-c', s.says('ran'), '-j', String(s.jail.pid), '-t', 'ADHOC');
  assert.is(adhoc.code, 0, adhoc.stderr);
  assert.is((await s.hup('ADHOC')).code, 0);
  await s.reach(1);
});

run();
