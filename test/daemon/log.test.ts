/** The log: one line an event, for people or for machines, and nobody can forge a line. */
import { existsSync } from 'node:fs';
import { chmod, readFile, rename, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isAlive } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { scene, stories } from './scene.ts';

const { tell, run } = stories('log');

tell('what matters is there: armed, triggered by whom, how it ended', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'exit 3' } }));
  await s.hup();
  await s.host.reaches('web/BUTTON', 'spent');
  const log = await s.host.log();
  const [entry] = await s.host.history();
  for (const line of log.trim().split('\n'))
    assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warn|error) {0,2}\S/);
  assert.match(log, /info {2}web\/BUTTON: armed, pid \d+/);
  assert.match(log, `web/BUTTON: triggered from the jail, ${entry?.id}`);
  assert.match(
    log,
    new RegExp(`warn {2}web/BUTTON: command ${entry?.id} ended with exit code 3 after \\d+ ms`),
  );
});

tell(
  'a jail in which nothing can be armed is said once, with the reason, and again when that is gone',
  async (t) => {
    const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
    const pidfile = join(s.host.dir, 'open.pid');
    await writeFile(pidfile, `${s.jail.pid}\n`);
    await chmod(pidfile, 0o666);
    await s.write((file) => {
      file.jails['open'] = { pid: pidfile, probes: { OTHER: { command: 'true' } } };
    });
    await s.host.reaches('open/OTHER', 'failed');
    for (let look = 0; look < 3; look++) await s.host.cli('reload');
    await chmod(pidfile, 0o600);
    await s.host.reaches('open/OTHER', 'armed');
    const said = (await s.host.log()).split('\n').filter((line) => line.includes(' open: '));
    assert.is(said.length, 2, said.join('\n'));
    assert.match(said[0] ?? '', /warn {2}open: nothing can be armed here: .*open\.pid/);
    assert.match(said[1] ?? '', /info {2}open: what kept probes away is gone$/);
  },
);

tell('as JSON: one object a line', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }), { args: ['--log-format', 'json'] });
  await s.hup();
  await s.host.reaches('web/BUTTON', 'spent');
  const lines = (await s.host.log()).trim().split('\n');
  const objects = lines.map((line) => JSON.parse(line) as Record<string, string>);
  for (const { time, level, what } of objects) {
    assert.is(new Date(time ?? '').toISOString(), time);
    assert.ok(['info', 'warn', 'error'].includes(level ?? ''));
    assert.type(what, 'string');
  }
  assert.ok(objects.some(({ subject, what }) => subject === 'web/BUTTON' && what?.startsWith('armed')));
});

tell('SIGUSR2 opens the file anew; what was rotated away gets no more lines', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  await s.host.reaches('web/BUTTON', 'armed');
  const log = join(s.host.dir, 'log');
  await rename(log, `${log}.0`);
  process.kill(await s.host.pid(), 'SIGUSR2');
  await until(() => existsSync(log), 'there is a new one');
  assert.is((await stat(log)).mode & 0o777, 0o600);
  const before = await readFile(`${log}.0`, 'utf8');
  await s.hup();
  await until(
    async () => /BUTTON: triggered/.test(await readFile(log, 'utf8')),
    'the trigger is in the new one',
  );
  assert.is(await readFile(`${log}.0`, 'utf8'), before);
});

tell('SIGUSR1 opens no debugger and ends nothing', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const pid = await s.host.pid();
  for (let i = 0; i < 5; i++) process.kill(pid, 'SIGUSR1');
  assert.is((await s.host.cli('status')).code, 0);
  assert.ok(isAlive(pid));
  const inodes = (await readFile(`/proc/${pid}/net/tcp`, 'utf8')).split('\n').slice(1);
  assert.not.ok(
    inodes.some((line) => line.includes(' 0100007F:240D ')),
    'nothing listens on 127.0.0.1:9229',
  );
});

tell('a log that cannot be opened any more after a rotation ends nothing', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran') } }));
  const pid = await s.host.pid();
  const log = join(s.host.dir, 'log');
  await rename(log, `${log}.0`);
  await symlink('/nonexistent/elsewhere', log);
  process.kill(pid, 'SIGUSR2');
  await s.hup();
  await s.host.reaches('web/BUTTON', 'spent');
  assert.is(await s.host.pid(), pid);
  assert.match(await readFile(`${log}.0`, 'utf8'), /cannot open the log/);
  await unlink(log);
});

run();
