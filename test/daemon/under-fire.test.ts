// limit: 400 s
/** Reloads while everything moves: no trigger is lost or doubled, no probe is leaked, and nothing grows. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { ask } from '../../src/control/client.ts';
import type { Daemon } from '../rig/daemon.ts';
import { descendants } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { probesOf, scene, stories, type FileBody, type Scene } from './scene.ts';

const { tell, run } = stories('under fire');

tell(
  'a loop inside HUPs a probe while its command, title and uid change fifty times',
  async (t) => {
    const s = await scene(
      t,
      (at) => ({
        BUTTON: {
          ...ledger(at.path('ledger'), 0),
          title: 'KNOB-0',
          respawn: 'immediately',
          concurrency: 10_000,
        },
      }),
      { settings: { brake: { triggers: 0 } } },
    );
    await s.host.reaches('web/BUTTON', 'armed');
    const hammering = hammer(s);
    let replaced = 0;
    for (let n = 1; n <= 50; n++) {
      const title = `KNOB-${n % 4 === 1 ? n : n - (n % 4)}`;
      const uid = n % 3 === 0 ? 80 : 0;
      replaced++;
      put(s, (file) => {
        probesOf(file)['BUTTON'] = {
          ...ledger(s.path('ledger'), n),
          title,
          uid,
          respawn: 'immediately',
          concurrency: 10_000,
        };
      });
      await reload(s.host);
    }
    writeFileSync(s.path('hammered/enough'), '');
    const signalled = await hammering;
    assert.ok(signalled > 50, `it was fired upon: ${signalled}`);

    const history = await settledHistory(s);
    const lines = readFileSync(s.path('ledger'), 'utf8').split('\n').filter(Boolean);
    const ids = lines.map((line) => line.split(' ')[0] ?? '');
    assert.is(new Set(ids).size, ids.length, 'no trigger ran twice');
    assert.equal(history.map(({ id }) => id).sort(), ids.toSorted(), 'what ran is what is in the history');
    const folded = history.reduce((sum, entry) => sum + ((entry as { folded?: number }).folded ?? 0), 0);
    const deaths = ids.length + folded;
    // A process that was just being retired may have died of that instead.
    const told = `${signalled} were signalled, ${ids.length} ran, ${folded} folded`;
    assert.ok(deaths <= signalled && deaths >= signalled - replaced, told);
    const definitions = new Set(lines.map((line) => line.split(' ')[1]));
    assert.ok(definitions.size > 10, `many definitions ran: ${definitions.size}`);
    await nothingLeaked(s);
  },
  90,
);

tell(
  'the jail restarts while reloads come',
  async (t) => {
    const s = await scene(t, two);
    await s.host.reaches('web/OTHER', 'armed');
    const over = new AbortController();
    const restarts = (async () => {
      for (let n = 0; n < 12; n++) await s.jail.restart();
      over.abort();
    })();
    for (let n = 1; !over.signal.aborted; n++) {
      put(s, (file) => {
        probesOf(file)['OTHER'] = { command: `echo ${n}`, uid: n % 2 ? 80 : 0 };
        if (n % 3) probesOf(file)[`MORE-${n % 3}`] = { command: 'true' };
        else for (const key of ['MORE-1', 'MORE-2']) delete probesOf(file)[key];
      });
      await reload(s.host);
    }
    await restarts;
    await nothingLeaked(s);
  },
  90,
);

tell('two reloads at once, and five, with signals between them', async (t) => {
  const s = await scene(t, two);
  const pid = await s.host.pid();
  for (const [generation, count] of [
    [2, 2],
    [3, 5],
  ] as const) {
    put(
      s,
      (file) => void (probesOf(file)['OTHER'] = { command: `echo ${generation}`, uid: 80 + generation }),
    );
    const answers = Array.from({ length: count }, () => reload(s.host));
    for (let n = 0; n < 5; n++) process.kill(pid, 'SIGHUP');
    for (const answer of await Promise.all(answers))
      assert.equal([answer.ok, answer.generation], [true, generation]);
    assert.is((await s.host.status()).config.generation, generation);
    assert.is((await s.host.reaches('web/OTHER', 'armed')).uid, 80 + generation);
  }
  await nothingLeaked(s);
});

for (const how of ['in place', 'by rename'] as const) {
  tell(
    `a file that is written ${how} ten times a second, broken half of the time: the last contents hold`,
    async (t) => {
      const s = await scene(t, two);
      const before = (await s.host.reaches('web/BUTTON', 'armed')).pid;
      for (let n = 1; n <= 20; n++) {
        const text = JSON.stringify({
          ...s.file,
          jails: { web: { ...s.file.jails['web'], probes: { ...two(), [`N-${n}`]: { command: 'true' } } } },
        });
        const next = n % 2 ? text.slice(0, -n) : text;
        if (how === 'in place') writeFileSync(s.host.config, next);
        else {
          writeFileSync(`${s.host.config}.new`, next, { mode: 0o600 });
          renameSync(`${s.host.config}.new`, s.host.config);
        }
        await pause(100);
      }
      await s.host.reaches('web/N-20', 'armed');
      const { config, probes } = await s.host.status();
      assert.is(config.error, undefined);
      assert.equal(probes.map(({ id }) => id).sort(), ['web/BUTTON', 'web/N-20', 'web/OTHER']);
      assert.is(probes.find(({ id }) => id === 'web/BUTTON')?.pid, before, 'the same process all the time');
      await nothingLeaked(s, 3);
    },
  );
}

tell(
  'a jail that restarts twenty times, more than twice a second',
  async (t) => {
    const s = await scene(t, two);
    await s.host.reaches('web/OTHER', 'armed');
    const before = await belongings(s.host);
    for (let lives = 1; lives <= 20; lives++) {
      const soon = pause(350);
      await s.jail.restart();
      // Whether there is time for it or not: it is what people inside do.
      await s.hup('BUTTON');
      await soon;
    }
    await nothingLeaked(s);
    const after = await belongings(s.host);
    assert.ok(after.keeper.descriptors <= before.keeper.descriptors);
    assert.ok(after.daemon.descriptors <= before.daemon.descriptors);
    const history = await settledHistory(s);
    const instances = history.map(({ instance }) => instance);
    assert.is(new Set(instances).size, instances.length, 'in each life once');
  },
  60,
);

tell(
  'a hundred and fifty reloads: descriptors and memory are what they were',
  async (t) => {
    const s = await scene(t, two);
    await s.host.reaches('web/OTHER', 'armed');
    const daemon = await s.host.pid();
    const change = async (n: number): Promise<void> => {
      put(s, (file) => {
        probesOf(file)['OTHER'] = { command: `echo ${n}`, uid: n % 3, description: 'x'.repeat(900) };
      });
      assert.ok((await reload(s.host)).ok);
    };
    /** What it has at the least in fifty reloads: at most of them there is garbage, too. */
    const fifty = async (from: number): Promise<number> => {
      let least = Infinity;
      for (let n = from; n < from + 50; n++) {
        await change(n);
        least = Math.min(least, memoryOf(daemon));
      }
      return least;
    };
    const first = await fifty(0);
    const before = await belongings(s.host);
    await fifty(50);
    const last = await fifty(100);
    await nothingLeaked(s);
    const after = await belongings(s.host);
    const told = JSON.stringify({ first, last, before, after });
    assert.ok(after.keeper.descriptors <= before.keeper.descriptors, told);
    assert.ok(after.daemon.descriptors <= before.daemon.descriptors, told);
    assert.ok(after.keeper.memory <= before.keeper.memory + 64, told);
    assert.ok(last < first + 16_384, told);
  },
  200,
);

run();

/** Inside, until there is enough: one HUP to each process of the probe. @returns how many were there to take it */
async function hammer({ jail, path }: Scene): Promise<number> {
  const folder = path('hammered');
  let signalled = 0;
  while (!existsSync(join(folder, 'enough'))) {
    const { code, stdout, stderr } = await jail.run(`
      mkdir -p ${folder}; n=0; tries=0
      while [ ! -e ${folder}/enough ] && [ $tries -lt 100 ]; do
        tries=$((tries+1))
        for pid in $(/usr/bin/pgrep -f '^KNOB-[0-9]*$'); do
          mkdir ${folder}/$pid 2>/dev/null || continue
          kill -HUP $pid 2>/dev/null && n=$((n+1))
        done
      done
      echo $n`);
    assert.is(code, 0, stderr);
    signalled += Number(stdout);
  }
  return signalled;
}

function two(): Record<string, object> {
  return { BUTTON: { command: 'true' }, OTHER: { command: 'true' } };
}

/** Writes down each trigger, with the definition that it ran. */
function ledger(path: string, definition: number): { command: string } {
  return { command: `echo "$TRIGGER_ID ${definition}" >>${path}` };
}

/** Puts the changed file in its place, all at once. */
function put(s: Scene, change: (file: FileBody) => void): void {
  change(s.file);
  writeFileSync(`${s.host.config}.new`, JSON.stringify(s.file), { mode: 0o600 });
  renameSync(`${s.host.config}.new`, s.host.config);
}

/** What `jaildaemon reload` asks for, without a program of its own each time. */
async function reload(host: Daemon): Promise<{ ok: boolean; generation: number }> {
  return (await ask(host.socket, { verb: 'reload' }, () => {})) as { ok: boolean; generation: number };
}

/** All triggers, when all have ended. */
async function settledHistory(s: Scene) {
  return until(async () => {
    const { stdout } = await s.host.cli('history', '--json', '-n', '100000');
    const entries = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Awaited<ReturnType<Daemon['history']>>[number]);
    return entries.every(({ endedAt }) => endedAt !== undefined) ? entries : undefined;
  }, 'every command has ended');
}

/** When all is calm: what the file wants is there, and the keeper has no process that status does not know. */
async function nothingLeaked(s: Scene, wanted = Object.keys(probesOf(s.file)).length): Promise<void> {
  let seen: unknown;
  await until(
    async () => {
      const { probes, keeper } = await s.host.status();
      const known = probes.flatMap(({ pid }) => pid ?? []).sort();
      const there = descendants(keeper?.pid ?? 0).sort();
      const isCalm = probes.every(({ state }) => state === 'armed' || state === 'spent');
      seen = { probes: probes.map(({ id, state, reason, pid }) => ({ id, state, reason, pid })), there };
      return isCalm && probes.length === wanted && JSON.stringify(known) === JSON.stringify(there);
    },
    'all is calm, and every process of the keeper is a probe in status',
    { seconds: 15, last: () => seen },
  );
}

interface Belongings {
  readonly descriptors: number;
  /** KiB. */
  readonly memory: number;
}

async function belongings(host: Daemon): Promise<{ daemon: Belongings; keeper: Belongings }> {
  const { daemon, keeper } = await host.status();
  return { daemon: await belongingsOf(daemon.pid), keeper: await belongingsOf(keeper?.pid ?? 0) };
}

/** The fewest descriptors within a while: a connection that is just closing is no leak. */
async function belongingsOf(pid: number): Promise<Belongings> {
  let descriptors = Infinity;
  for (let n = 0; n < 20; n++) {
    descriptors = Math.min(descriptors, readdirSync(join('/proc', String(pid), 'fd')).length);
    await pause(10);
  }
  return { descriptors, memory: memoryOf(pid) };
}

/** What a process has of its own, KiB. */
function memoryOf(pid: number): number {
  const status = readFileSync(join('/proc', String(pid), 'status'), 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]);
}
