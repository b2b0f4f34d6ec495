/** The settings that somebody may need after all. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { until } from '../rig/until.ts';
import { scene, stories } from './scene.ts';

const { tell, run } = stories('settings');

tell('budget: over it a trigger waits its turn, and says so; nothing is refused', async (t) => {
  const s = await scene(
    t,
    (at) =>
      Object.fromEntries(
        ['A', 'B', 'C'].map((name) => [name, { command: `${at.says(name)}; ${at.waits(`gate-${name}`)}` }]),
      ),
    { settings: { budget: 1, grace: '1s' } },
  );
  await s.host.reaches('web/C', 'armed');
  for (const name of ['A', 'B', 'C']) {
    assert.is((await s.hup(name)).code, 0);
    // Which of two processes dies first is the scheduler's to say, so one after the other.
    await s.host.reaches(`web/${name}`, 'running');
  }
  assert.equal(await s.reach(1), ['A']);
  const waits = await s.host.probe('web/B', (p) => p.state === 'running' && p.reason !== undefined, 'waits');
  assert.match(waits.reason ?? '', /queued/);
  assert.is((await s.hup('B')).code, 1, 'it stays away');
  const fates = (await s.host.history()).map(({ title, fate, startedAt }) => [
    title,
    fate,
    startedAt !== undefined,
  ]);
  assert.equal(fates, [
    ['A', 'running', true],
    ['B', 'queued', false],
    ['C', 'queued', false],
  ]);
  s.open('gate-A');
  assert.equal(await s.reach(2), ['A', 'B'], 'oldest first');
  s.open('gate-B');
  assert.equal(await s.reach(3), ['A', 'B', 'C']);
  s.open('gate-C');
  await s.host.reaches('web/C', 'spent');
});

tell('budget: raised by a reload, those that wait go on', async (t) => {
  const s = await scene(
    t,
    (at) =>
      Object.fromEntries(['A', 'B'].map((name) => [name, { command: `${at.says(name)}; ${at.waits()}` }])),
    { settings: { budget: 1 } },
  );
  await s.host.reaches('web/B', 'armed');
  await s.hup('A');
  await s.reach(1);
  await s.hup('B');
  await s.host.reaches('web/B', 'running');
  await s.reload((file) => (file.settings = { grace: '300ms', budget: 2 }));
  assert.equal(await s.reach(2), ['A', 'B']);
});

tell('brake: who is triggered too often stays away until the window has room', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }), {
    settings: { brake: { triggers: 3, within: '2s' } },
  });
  for (let i = 1; i <= 3; i++) {
    await s.host.probe('web/BUTTON', (p) => p.state === 'armed' && p.runs === i - 1, 'is armed');
    assert.is((await s.hup()).code, 0);
  }
  const held = await s.host.reaches('web/BUTTON', 'cooling');
  assert.match(held.reason ?? '', /brake/);
  assert.is((await s.hup()).code, 1);
  await s.host.reaches('web/BUTTON', 'armed');
  assert.is((await s.lines()).length, 3);
});

tell('brake: another one frees at once who may go on by it', async (t) => {
  const braked = { triggers: 1, within: '1h' };
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), respawn: 'after' } }), {
    settings: { brake: braked },
  });
  await s.host.reaches('web/BUTTON', 'armed');
  for (const brake of [{ triggers: 2, within: '1h' }, { triggers: 2, within: '1s' }, { triggers: 0 }]) {
    await until(async () => (await s.hup()).code === 0, 'it is there');
    await s.host.reaches('web/BUTTON', 'cooling');
    await s.write((file) => Object.assign(file.settings ?? {}, { brake }));
    await s.host.reaches('web/BUTTON', 'armed');
    await s.write((file) => Object.assign(file.settings ?? {}, { brake: braked }));
    await until(async () => (await s.host.cli('reload')).code === 0, 'it holds again');
  }
});

tell('output.each: of what a command prints the first so many bytes are kept, and a note', async (t) => {
  const s = await scene(
    t,
    () => ({
      FLOOD: { command: 'head -c 100000000 /dev/zero | tr "\\0" x; echo done >&2; exit 3' },
      BOTH: { command: 'echo out; echo err >&2; printf "no newline"' },
      SILENT: { command: 'true' },
    }),
    { settings: { output: { each: '64KiB' } } },
  );
  const fire = async (title: string): Promise<{ id: string; exitCode: number }> =>
    JSON.parse((await s.host.cli('trigger', 'web', title, '--wait', '--json')).stdout);
  await s.host.reaches('web/SILENT', 'armed');
  const flood = await fire('FLOOD');
  assert.is(flood.exitCode, 3, 'the command was not disturbed');
  const file = join(s.host.state, 'output', flood.id);
  const note = await until(
    async () => /\[jaildaemon: \d+ more bytes.*\]/.exec((await readFile(file, 'latin1')).slice(65_536))?.[0],
    'it is noted',
  );
  assert.match(note, String(100_000_005 - 65_536));
  assert.ok((await stat(file)).size < 65_536 + 200);
  assert.is((await stat(file)).mode & 0o777, 0o600);
  const { stdout } = await s.host.cli('output', flood.id);
  assert.is(stdout.slice(0, 65_536), 'x'.repeat(65_536));

  const both = await fire('BOTH');
  await until(
    async () => (await s.host.cli('output', both.id)).stdout === 'out\nerr\nno newline',
    'both are there, in order',
  );
  const silent = await fire('SILENT');
  const nothing = await s.host.cli('output', silent.id);
  assert.is(nothing.code, 0);
  assert.is(nothing.stdout, '');
  const object = JSON.parse((await s.host.cli('output', both.id, '--json')).stdout) as Record<
    string,
    unknown
  >;
  assert.equal(object, { version: 1, id: both.id, bytes: 18, output: 'out\nerr\nno newline' });
});

tell('output.total: the oldest outputs go', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'head -c 10000 /dev/zero', respawn: 'after' } }), {
    settings: { output: { each: '16KiB', total: '100KiB' }, brake: { triggers: 0 } },
  });
  await s.host.reaches('web/BUTTON', 'armed');
  await s.jail.run(
    `n=0; last=; while [ $n -lt 140 ]; do
       pid=$(/usr/bin/pgrep -f '^BUTTON$') && [ "$pid" != "$last" ] && kill -HUP "$pid" && last=$pid && n=$((n+1))
     done`,
  );
  await until(
    async () => (await readdir(join(s.host.state, 'output'))).length < 85,
    'old outputs are removed',
    { last: async () => (await readdir(join(s.host.state, 'output'))).length },
  );
  const lengthOfNewest = async (): Promise<number> => {
    const [newest] = await s.host.history(1);
    return (await s.host.cli('output', newest?.id ?? '')).stdout.length;
  };
  await until(async () => (await lengthOfNewest()) === 10_000, 'the newest is there', {
    last: lengthOfNewest,
  });
});

tell('history: bounded, the oldest go first, and what is counted is kept', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true', respawn: 'after' } }), {
    settings: { history: { triggers: 20 }, brake: { triggers: 0 } },
  });
  await s.host.reaches('web/BUTTON', 'armed');
  await s.jail.run(
    `n=0; last=; while [ $n -lt 60 ]; do
       pid=$(/usr/bin/pgrep -f '^BUTTON$') && [ "$pid" != "$last" ] && kill -HUP "$pid" && last=$pid && n=$((n+1))
     done`,
  );
  await s.host.probe('web/BUTTON', (p) => p.runs === 60 && p.state === 'armed', 'has run 60 times');
  const { stdout } = await s.host.cli('history', '--json', '-n', '1000');
  const entries = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; endedAt?: string });
  assert.ok(entries.length >= 10 && entries.length <= 30, `about 20 are left: ${entries.length}`);
  assert.ok(
    entries.every(({ endedAt }) => endedAt),
    'whole ones',
  );
  const files = (await readdir(s.host.state)).filter((name) => name.startsWith('history'));
  assert.equal(files.sort(), ['history.1.jsonl', 'history.jsonl']);
});

run();
