/** One path for all three: by command, by SIGHUP, by a change of the files. */
import { mkdir, open, rename, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { daemon, type Daemon } from '../rig/daemon.ts';
import { until } from '../rig/until.ts';
import { probesOf, put, restless, scene, stories, type FileBody } from './scene.ts';

const { tell, run } = stories('reload');
const two = (): Record<string, object> => ({ BUTTON: { command: 'true' }, OTHER: { command: 'true' } });
const withMore = (file: FileBody): void => {
  probesOf(file)['MORE'] = { command: 'true' };
};

tell('by command: it says what changed, and what did not change is not touched', async (t) => {
  const s = await scene(t, two);
  const before = await pids(s.host);
  const { code, stdout } = await s.reload((file) => {
    withMore(file);
    delete probesOf(file)['OTHER'];
  });
  assert.is(code, 0);
  const after = await pids(s.host);
  assert.is(after['web/BUTTON'], before['web/BUTTON'], 'the same process');
  assert.is(after['web/OTHER'], undefined);
  assert.match(stdout, new RegExp(`= web/BUTTON {2}pid ${before['web/BUTTON']}`));
  assert.match(stdout, new RegExp(`- web/OTHER {2}pid ${before['web/OTHER']} {2}removed`));
  assert.match(stdout, new RegExp(`\\+ web/MORE {2}pid ${after['web/MORE']}`));
  assert.match(stdout, /generation 2 is active( since \S+)?: 1 unchanged, 1 armed, 1 taken away/);
  assert.not.ok((await s.jail.ps()).includes('OTHER'));
});

tell('by SIGHUP: the same, with nobody asking', async (t) => {
  const s = await scene(t, two);
  const before = await pids(s.host);
  const pid = await s.host.pid();
  withMore(s.file);
  await restless(s.host.config, JSON.stringify(s.file), async () => {
    process.kill(pid, 'SIGHUP');
    await s.host.reaches('web/MORE', 'armed');
  });
  assert.is((await pids(s.host))['web/BUTTON'], before['web/BUTTON']);
  assert.is((await s.host.status()).config.generation, 2);
});

tell('a file that did not change is no new generation, however often it is asked for', async (t) => {
  const s = await scene(t, two);
  const before = await pids(s.host);
  const pid = await s.host.pid();
  for (let i = 0; i < 20; i++) process.kill(pid, 'SIGHUP');
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => s.host.cli('reload')));
  for (const { code, stdout } of outcomes) {
    assert.is(code, 0);
    assert.match(stdout, /generation 1 is active: 2 unchanged/);
  }
  assert.equal(await pids(s.host), before);
  assert.is((await s.host.cli('reload', '--detailed-exitcode')).code, 0);
  assert.is((await s.reload(withMore, '--detailed-exitcode')).code, 2);
});

tell('it also looks for jails that have started since, though the file is as it was', async (t) => {
  const root = join(t.dir, 'later');
  const probes = { BUTTON: { command: 'true' } };
  const host = await daemon(
    t,
    JSON.stringify({ settings: { rescan: '1h' }, jails: { later: { chroot: root, probes } } }),
  );
  await host.reaches('later/BUTTON', 'waiting');
  await mkdir(root);
  const { code, stdout } = await host.cli('reload');
  assert.is(code, 0);
  assert.match(stdout, /^ {2}\+ later\/BUTTON {2}pid \d+$/m);
  assert.match(stdout, /generation 1 is active: 1 armed/);
  await host.reaches('later/BUTTON', 'armed');
});

tell('by a change of the file: renamed over, as editors do', async (t) => {
  const s = await scene(t, two);
  const before = await pids(s.host);
  await s.write(withMore);
  await s.host.reaches('web/MORE', 'armed', 3);
  assert.is((await pids(s.host))['web/BUTTON'], before['web/BUTTON']);
});

tell('written slowly in place: no half of it is ever taken', async (t) => {
  const s = await scene(t, two);
  const before = await pids(s.host);
  // Each half of it is valid YAML, and the first one has fewer probes.
  const file = await open(s.host.config, 'w');
  const whereabouts = `jails:\n  web:\n    pid: ${s.jail.where.slice(5)}\n    probes:\n`;
  await file.write(`${whereabouts}      MORE: { command: 'true' }\n`);
  for (const name of ['BUTTON', 'OTHER']) {
    await new Promise((resolve) => setTimeout(resolve, 60)); // it is slow: that is the story
    await file.write(`      ${name}: { command: 'true' }\n`);
  }
  await file.close();
  await s.host.reaches('web/MORE', 'armed', 5);
  const after = await pids(s.host);
  assert.is(after['web/BUTTON'], before['web/BUTTON']);
  assert.is(after['web/OTHER'], before['web/OTHER']);
  assert.is((await s.host.status()).config.generation, 2);
});

tell('a symlink that is turned to another file', async (t) => {
  const s = await scene(t, two);
  const before = await pids(s.host);
  const [old, next] = [join(s.host.dir, 'a.yml'), join(s.host.dir, 'b.yml')];
  await rename(s.host.config, old);
  await symlink('a.yml', s.host.config);
  await s.host.cli('reload');
  assert.equal(await pids(s.host), before);

  withMore(s.file);
  await put(next, JSON.stringify(s.file));
  await symlink('b.yml', `${s.host.config}.new`);
  await rename(`${s.host.config}.new`, s.host.config);
  await s.host.reaches('web/MORE', 'armed', 5);
  assert.is((await pids(s.host))['web/BUTTON'], before['web/BUTTON']);
});

tell('a directory of includes that goes away and comes back', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const folder = join(s.host.dir, 'more.d');
  await mkdir(folder, { mode: 0o700 });
  await put(join(folder, 'one.yml'), included('ONE'));
  assert.is((await s.reload((file) => (file.include = ['more.d/*.yml']))).code, 0);
  const before = await pids(s.host);
  assert.ok(before['web/ONE']);

  await rm(folder, { recursive: true });
  await until(async () => !('web/ONE' in (await pids(s.host))), 'its probe is away', { seconds: 5 });
  await mkdir(folder, { mode: 0o700 });
  await put(join(folder, 'two.yml'), included('TWO'));
  await s.host.reaches('web/TWO', 'armed', 5);
  assert.is((await pids(s.host))['web/BUTTON'], before['web/BUTTON']);
});

tell('an include that appears, that changes, that is removed', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const folder = join(s.host.dir, 'more.d');
  await mkdir(folder, { mode: 0o700 });
  assert.is((await s.reload((file) => (file.include = ['more.d/*.yml']))).code, 0);
  const one = join(folder, 'one.yml');
  await put(one, included('ONE'));
  await s.host.reaches('web/ONE', 'armed', 5);
  await put(`${one}.new`, included('TWO'));
  await rename(`${one}.new`, one);
  await s.host.reaches('web/TWO', 'armed', 5);
  assert.not.ok('web/ONE' in (await pids(s.host)));
  await unlink(one);
  await until(async () => !('web/TWO' in (await pids(s.host))), 'its probe is away', { seconds: 5 });
});

tell('generations count on over a restart; the same files are the same generation', async (t) => {
  const s = await scene(t, two);
  await s.reload(withMore);
  assert.is((await s.host.status()).config.generation, 2);
  await s.host.cli('stop');
  assert.is((await s.host.start()).code, 0);
  assert.is((await s.host.status()).config.generation, 2);
  await s.host.cli('stop');
  await s.write((file) => delete probesOf(file)['MORE']);
  assert.is((await s.host.start()).code, 0);
  assert.is((await s.host.status()).config.generation, 3);
});

run();

async function pids(host: Daemon): Promise<Record<string, number | undefined>> {
  return Object.fromEntries((await host.status()).probes.map(({ id, pid }) => [id, pid]));
}

function included(key: string): string {
  return JSON.stringify({ jails: { web: { probes: { [key]: { command: 'true' } } } } });
}
