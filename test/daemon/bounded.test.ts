/** Whatever commands print and however often they run, history and outputs stay within their bounds. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { until } from '../rig/until.ts';
import { scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('bounded');

tell('a command that prints without end fills nothing, and is not disturbed', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'exec yes', timeout: '3s' } }), {
    settings: { output: { each: '64KiB' } },
  });
  const { id } = await fire(s, 'BUTTON');
  const file = join(s.host.state, 'output', id);
  await until(
    async () => existsSync(file) && (await stat(file)).size >= 65_536,
    'as much as is kept is there',
  );
  const { stdout } = await s.host.cli('output', id);
  assert.is(stdout, 'y\n'.repeat(32_768), 'it can be read while it runs');
  await s.host.reaches('web/BUTTON', 'spent');
  const [entry] = await s.host.history();
  assert.is(entry?.signal, 'SIGTERM', 'its time limit ended it, and nothing before');
  const printed = await until(async () => {
    const text = (await s.host.cli('output', id)).stdout.slice(65_536);
    return /\[jaildaemon: (\d+) more bytes were not kept\]/.exec(text)?.[1];
  }, 'what was not kept is counted');
  assert.ok(Number(printed) > 1 << 20, `it went on: ${printed}`);
  assert.ok((await stat(file)).size < 65_536 + 200);
});

tell('a daemon that starts removes what is too much', async (t) => {
  const s = await scene(
    t,
    () => ({ BUTTON: { command: 'head -c 5000 /dev/zero', respawn: 'after', cooldown: '0s' } }),
    { settings: { output: { total: '40KiB' }, brake: { triggers: 0 } } },
  );
  await hammer(s, 'BUTTON', 30);
  await s.host.probe('web/BUTTON', (p) => p.runs === 30 && p.state === 'armed', 'has run 30 times');
  assert.ok((await readdir(join(s.host.state, 'output'))).length > 20, 'they are too few to look');
  await s.host.cli('stop');
  assert.is((await s.host.start()).code, 0);
  await until(async () => (await readdir(join(s.host.state, 'output'))).length === 5, 'five are left', {
    last: () => readdir(join(s.host.state, 'output')),
  });
  assert.is((await s.host.probe('web/BUTTON', (p) => p.state === 'armed', 'is armed')).runs, 30);
});

tell('somebody deletes the outputs, the history, and at last the whole state directory', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: `${at.says('ran')}; echo printed`, respawn: 'after' },
  }));
  await fire(s, 'BUTTON', '--wait');
  await rm(join(s.host.state, 'output'), { recursive: true });
  const { id } = await fire(s, 'BUTTON', '--wait');
  const output = await s.host.cli('output', id);
  assert.is(output.code, 0);
  assert.is(output.stdout, '', 'it is not kept');
  await rm(join(s.host.state, 'history.jsonl'));
  await fire(s, 'BUTTON', '--wait');
  assert.is((await s.host.history()).length, 1);
  await rm(s.host.state, { recursive: true });
  assert.is((await s.hup()).code, 0);
  await s.reach(4);
  const [entry] = await until(async () => {
    const all = await s.host.history();
    return all.length === 1 && all[0]?.endedAt ? all : undefined;
  }, 'the trigger is in a new history');
  assert.is(entry?.exitCode, 0);
  assert.is((await stat(s.host.state)).mode & 0o777, 0o700);
  await mkdir(s.host.state, { recursive: true });
});

run();

async function fire(s: Scene, title: string, ...options: readonly string[]): Promise<{ id: string }> {
  await s.host.reaches(`web/${title}`, 'armed');
  return s.host.json('trigger', 'web', title, ...options);
}

/** So many HUPs from inside, each to a probe of its own. */
async function hammer(s: Scene, title: string, count: number): Promise<void> {
  await s.host.reaches(`web/${title}`, 'armed');
  await s.jail.run(
    `n=0; last=; while [ $n -lt ${count} ]; do
       pid=$(/usr/bin/pgrep -f '^${title}$') && [ "$pid" != "$last" ] && kill -HUP "$pid" && last=$pid && n=$((n+1))
     done`,
  );
}
