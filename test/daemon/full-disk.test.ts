/** No room for history and outputs: commands run, nothing is lost, and it is said. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { daemon } from '../rig/daemon.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { isAlive } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { hup, pidfileOf, stories, traces } from './scene.ts';

const { tell, run } = stories('full disk');

tell('triggers run, stay with the keeper, and are in the history when there is room again', async (t) => {
  const { host, jail, at, fill } = await small(t);
  await host.reaches('web/BUTTON', 'armed');
  await fill();
  for (let i = 1; i <= 5; i++) {
    await until(async () => (await hup(jail, 'BUTTON')).code === 0, 'it is there');
    await at.reach(i);
  }
  const status = await until(async () => {
    const now = (await host.status()) as unknown as { history?: { error: string } };
    return now.history ? now : undefined;
  }, 'status says that the history cannot be written');
  assert.match(status.history?.error ?? '', /ENOSPC/);
  const shown = await host.cli('status');
  assert.match(shown.stdout, /^HISTORY CANNOT BE WRITTEN/m);
  assert.is(shown.code, 3);
  assert.match(await host.log(), /history cannot be written/);
  // An edit is still taken over, and -c still answers something.
  assert.is((await host.cli('reload')).code, 0);

  await rm(join(host.state, 'ballast'));
  const history = await until(
    async () => {
      const all = await host.history();
      return all.length === 5 && all.every(({ endedAt }) => endedAt) ? all : undefined;
    },
    'the history has all of them',
    { seconds: 15, last: async () => host.history() },
  );
  assert.is(new Set(history.map(({ id }) => id)).size, 5);
  assert.ok(history.every(({ exitCode }) => exitCode === 0));
  assert.is((await host.status()).probes.find(({ id }) => id === 'web/BUTTON')?.runs, 5);
  const mended = await host.cli('status');
  assert.not.match(mended.stdout, /CANNOT/);
  assert.is(mended.code, 0);
});

tell('the daemon dies meanwhile: the next one still gets all of it', async (t) => {
  const { host, jail, at, fill } = await small(t);
  await host.reaches('web/BUTTON', 'armed');
  await fill();
  await hup(jail, 'BUTTON');
  await at.reach(1);
  process.kill(await host.pid(), 'SIGKILL');
  await until(async () => (await hup(jail, 'BUTTON')).code === 0, 'it is there');
  await at.reach(2);
  await rm(join(host.state, 'ballast'));
  assert.is((await host.start()).code, 0);
  const history = await until(async () => {
    const all = await host.history();
    return all.length === 2 && all.every(({ endedAt }) => endedAt) ? all : undefined;
  }, 'the history has both');
  assert.is(new Set(history.map(({ id }) => id)).size, 2);
});

tell('daemon and keeper die meanwhile: what fires once has fired', async (t) => {
  const { host, jail, at, fill } = await small(t);
  await host.reaches('web/ONCE', 'armed');
  // So that there is room for a line of the history in the block that it has, and for no new file.
  await hup(jail, 'BUTTON');
  await host.probe('web/BUTTON', ({ last }) => last?.exitCode === 0, 'has run');
  await fill();
  await hup(jail, 'ONCE');
  await at.reach(2);
  await host.reaches('web/ONCE', 'spent');
  const { keeper } = await host.status();
  for (const pid of [await host.pid(), keeper?.pid ?? 0]) {
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid), 'it is gone');
  }
  await rm(join(host.state, 'ballast'));
  assert.is((await host.start()).code, 0);
  assert.is((await host.reaches('web/ONCE', 'spent')).runs, 1);
  const once = (await host.history()).filter(({ title }) => title === 'ONCE');
  assert.is(once.length, 1);
  await until(() => readdirSync(join(host.state, 'running')).length === 0, 'all markers are gone');
});

tell('it starts on a full disk, if only its directory is there', async (t) => {
  const { host, jail, at, fill } = await small(t);
  await host.cli('stop');
  await fill();
  const { code, stderr } = await host.start();
  assert.is(code, 0, stderr);
  await host.reaches('web/BUTTON', 'armed');
  await hup(jail, 'BUTTON');
  await at.reach(1);
  await rm(join(host.state, 'ballast'));
});

tell('to stop meanwhile says what it waits for, and ends when there is room', async (t) => {
  const { host, jail, at, fill } = await small(t);
  await host.reaches('web/BUTTON', 'armed');
  await fill();
  await hup(jail, 'BUTTON');
  await at.reach(1);
  await until(async () => /history cannot be written/.test(await host.log()), 'it is in the log');
  const stopping = host.cli('stop');
  await until(async () => /waiting [\d.]+ s until it can/.test(await host.log()), 'it waits');
  await rm(join(host.state, 'ballast'));
  const { code, stderr } = await stopping;
  assert.is(code, 0, stderr);
  assert.match(stderr, /history cannot be written \(ENOSPC.*\): waiting/);
  assert.is((await host.start()).code, 0);
  assert.is((await host.history()).length, 1);
});

tell('a state directory that cannot be written is refused, with what to do', async (t) => {
  const { host } = await small(t);
  await host.cli('stop');
  execFileSync('mount', ['-o', 'remount,ro', host.state]);
  const { code, stderr } = await host.start();
  assert.is(code, 77, stderr);
  assert.match(stderr, `${host.state} cannot be written: EROFS`);
  assert.not.match(stderr, /\n\s+at /, 'no stack trace');
});

run();

/** A daemon whose state directory is a small tmpfs. */
async function small(t: Teller) {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const state = join(t.dir, 'host', 's');
  await mkdir(state, { recursive: true, mode: 0o700 });
  execFileSync('chmod', ['0700', join(t.dir, 'host')]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'jaildaemon-test', state]);
  // Lazily: what a command left running may still be there.
  t.defer('unmount the state directory', () => execFileSync('umount', ['--lazy', state]));
  const host = await daemon(
    t,
    JSON.stringify({
      settings: { grace: '300ms' },
      jails: {
        web: {
          pid: pidfileOf(jail),
          probes: {
            BUTTON: { command: `${at.says('ran')}; echo printed`, respawn: 'after' },
            ONCE: { command: at.says('once') },
          },
        },
      },
    }),
  );
  const fill = async (): Promise<void> => {
    await writeFile(join(state, 'ballast'), Buffer.alloc(1 << 20)).catch(() => {});
  };
  return { host, jail, at, fill };
}
