/** The state directory is deleted under a running keeper: no later daemon could find it by its socket. */
import { existsSync, readlinkSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isAlive } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('deleted state');

async function buttons(s: Scene): Promise<number> {
  return (await s.jail.ps()).filter((line) => line === 'BUTTON').length;
}

async function killDaemon(s: Scene): Promise<void> {
  const pid = await s.host.pid();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the daemon is gone');
}

async function keeperPid(s: Scene): Promise<number> {
  return (await s.host.status()).keeper?.pid ?? 0;
}

tell('the daemon lets the probes move to a keeper that the next daemon finds', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: at.says('ran'), respawn: 'after' },
    LONG: { command: at.waits(), respawn: 'after' },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.host.reaches('web/LONG', 'armed');
  await s.hup('LONG');
  await s.host.reaches('web/LONG', 'running');
  const older = await keeperPid(s);
  await rm(s.host.state, { recursive: true });
  await until(async () => (await keeperPid(s)) !== older, 'there is another keeper', { seconds: 20 });
  await s.host.reaches('web/BUTTON', 'armed');
  assert.is(await buttons(s), 1);
  s.open();
  await s.host.reaches('web/LONG', 'armed');
  await until(() => !isAlive(older), 'the older one has ended', { seconds: 15 });
  assert.ok(existsSync(join(s.host.state, 'config.json')), 'what must outlive the daemon is written again');
  assert.is(readlinkSync(join(s.host.state, 'daemon')), s.host.socket, 'and whose state it is');
  assert.is((await s.hup()).code, 0);
  assert.equal(await s.reach(1), ['ran']);

  const keeper = await keeperPid(s);
  await killDaemon(s);
  assert.is((await s.host.start()).code, 0);
  assert.is(await keeperPid(s), keeper);
  assert.is(await buttons(s), 1);
  assert.match(await s.host.log(), /the socket of keeper [0-9a-f]{8} is gone/);
});

for (const what of ['the directory', 'the socket alone'] as const) {
  tell(
    `and there is no daemon, ${what}: the next one ends the keeper and arms each probe once`,
    async (t) => {
      const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }));
      await s.host.reaches('web/BUTTON', 'armed');
      const older = await keeperPid(s);
      await killDaemon(s);
      if (what === 'the directory') await rm(s.host.state, { recursive: true });
      else
        for (const name of await readdir(s.host.state))
          if (name.endsWith('.sock')) await rm(join(s.host.state, name));
      assert.is((await s.host.start()).code, 0);
      assert.not.ok(isAlive(older));
      await s.host.reaches('web/BUTTON', 'armed');
      assert.is(await buttons(s), 1);
      assert.match(await s.host.log(), `keeper pid ${older} of ${s.host.state} has no socket there any more`);
      assert.is((await s.hup()).code, 0);
      await s.host.probe('web/BUTTON', (p) => p.runs === 1 && p.state === 'armed', 'has run');
      assert.equal(await s.lines(), ['ran']);
    },
  );
}

run();
