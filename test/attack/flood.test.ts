// limit: 150 s
/** A jail's root who asks for everything at once, or holds it: who is held back, and who is not. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { listeningKeepers } from '../../src/keeper/listeners.ts';
import { launch } from '../rig/launch.ts';
import { commandLineOf, innerPid, killExactly, startOf, withArgument } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { attacks, hold, isFull } from './attack.ts';
import { outcomes } from './attacker.ts';
import { INSIDERS, siege, unless, type Siege } from './siege.ts';

const { attack, run } = attacks('floods');
const [{ who, kind }, userRoot] = INSIDERS as [(typeof INSIDERS)[0], (typeof INSIDERS)[0]];
const options = { who, unless: unless(kind), seconds: isFull ? 200 : 90 };
const SECONDS = isFull ? 60 : 4;
/** The neighbour asks so seldom that the brake is not for it, ms. */
const NEIGHBOURLY = (SECONDS * 1000) / 16;

attack('kill -HUP -1 for ever', options, async (t) => {
  const s = await siege(
    t,
    kind,
    (at) => ({
      LONG: { command: ['/bin/sleep', '7.7'], respawn: 'immediately', concurrency: 5 },
      AFTER: { command: at.says('after'), respawn: 'immediately' },
      FAST: { command: at.says('fast'), respawn: 'immediately' },
      ONCE: { command: at.says('once') },
    }),
    { budget: 12, brake: { triggers: 20, within: '60s' } },
  );
  for (const key of ['LONG', 'AFTER', 'FAST', 'ONCE']) await s.inside(key);
  const flooded = s.attack('flood', 'hup', SECONDS);
  const served = await serveMeanwhile(s, flooded, () =>
    hold(sleepers('7.7') <= 5, `${sleepers('7.7')} commands of a probe with concurrency 5`),
  );
  const sent = Number(outcomes(await flooded, 'sent'));
  const count = (word: string): Promise<number> =>
    s.lines().then((lines) => lines.filter((line) => line === word).length);
  const probes = new Map((await s.host.status()).probes.map((probe) => [probe.id, probe]));
  const why = (key: string): string =>
    `${probes.get(`web/${key}`)?.state}: ${probes.get(`web/${key}`)?.reason}`;
  hold((await count('once')) === 1, `ONCE ran ${await count('once')} times`);
  for (const word of ['after', 'fast'])
    hold((await count(word)) <= 20, `${word} ran ${await count(word)} times in a minute`);
  hold(/^cooling: .*brake/.test(why('FAST')), `status says of FAST ${why('FAST')}`);
  hold(/^cooling: .*brake/.test(why('AFTER')), `status says of AFTER ${why('AFTER')}`);
  hold(/^cooling: .*(concurrency|commands)/.test(why('LONG')), `status says of LONG ${why('LONG')}`);
  return `${sent} floods: 1, 20 and 20 runs, never 6 at once; status says so; the neighbour is served in ${served} ms`;
});

attack('more long commands than the host allows in all', options, async (t) => {
  const names = Array.from({ length: 12 }, (_, i) => `LONG-${i}`);
  const s = await siege(
    t,
    kind,
    () =>
      Object.fromEntries(names.map((name) => [name, { command: ['/bin/sleep', '8.8'], respawn: 'after' }])),
    { budget: 9, brake: { triggers: 0 } },
  );
  for (const name of names) await s.inside(name);
  const flooded = s.attack('flood', 'hup', 3);
  let most = 0;
  const end = endOf(flooded);
  await until(() => {
    most = Math.max(most, sleepers('8.8'));
    hold(most <= 9, `${most} commands under a budget of 9`);
    return end.come;
  }, 'the flood is over');
  const waiting = (await s.host.status()).probes.filter(({ reason }) => /queued/.test(reason ?? ''));
  hold(most === 9, `at most ${most} ran, so nothing was tried`);
  hold(waiting.length > 0, 'status does not say who waits');
  const queued = (await s.host.history()).filter(({ fate }) => fate === 'queued').map(({ probe }) => probe);
  hold(
    new Set(queued).size === queued.length,
    `${queued.length} triggers wait of ${new Set(queued).size} probes`,
  );
  return `never more than 9 of them; ${waiting.length} probes wait, and status says "${waiting[0]?.reason}"`;
});

attack('STOP to all of them, and never CONT', options, async (t) => {
  const s = await siege(
    t,
    kind,
    (at) => ({
      STILL: { command: at.says('still') },
      BUSY: { command: ['/bin/true'], respawn: 'immediately' },
    }),
    { brake: { triggers: 0 } },
  );
  await s.inside('BUSY');
  process.kill((await s.host.reaches('web/STILL', 'armed')).pid ?? 0, 'SIGSTOP');
  // Those that are entering meanwhile are stopped on their way.
  const flooded = s.attack('flood', 'stop', SECONDS);
  const served = await serveMeanwhile(s, flooded);
  await flooded;
  hold(
    (await s.lines()).every((line) => line === 'aid'),
    'a stopped probe was taken for a dead one',
  );
  const begin = performance.now();
  const { code, stderr } = await s.host.cli('stop');
  hold(code === 0, `stop ends with ${code}: ${stderr}`);
  const took = performance.now() - begin;
  hold(took < 8000, `stop took ${took.toFixed(0)} ms`);
  return `armed and silent, or given up and armed anew; the neighbour is served in ${served} ms, stop in ${(took / 1000).toFixed(1)} s`;
});

attack(
  'a mount table without end',
  { ...options, who: userRoot.who, unless: unless(userRoot.kind) },
  async (t) => {
    const s = await siege(t, userRoot.kind, (at) => ({ BUTTON: { command: at.says('ran') } }));
    await s.inside('BUTTON');
    const wanted = isFull ? 20_000 : 6000;
    const made = Number(outcomes(await s.attack('mounts', wanted), 'made'));
    hold(made === wanted, `only ${made} mounts could be made, so nothing was tried`);
    const { reason } = await s.host.probe(
      'web/BUTTON',
      (probe) => /mount table/.test(probe.reason ?? ''),
      'is given up',
    );
    const took = [await s.neighbourIsServed(), await s.neighbourIsServed()];
    hold(Math.max(...took) < 1000, `the neighbour was served after ${took.join(' and ')} ms`);
    return `${made} mounts are not read to their end; status says "${reason?.replace(/\d+/, 'N')}"`;
  },
);

attack(
  'a root that answers nobody, of a process that looks like a keeper',
  { ...options, unless: options.unless ?? noFuse() },
  async (t) => {
    const s = await siege(t, kind, (at) => ({ BUTTON: { command: at.says('ran') } }));
    const found = await s.attack('deaf', 'keeper', s.host.state);
    hold(outcomes(found, 'move in') === 'ok', `it has no such root: ${outcomes(found, 'move in')}`);
    const deaf = withArgument(s.host.state).find(
      (pid) => innerPid(pid).pid === Number(outcomes(found, 'pid')),
    );
    hold(deaf !== undefined, 'it is not to be found');
    t.defer('end it', () => killExactly(deaf, startOf(deaf)));
    const file = JSON.parse(await readFile(s.host.config, 'utf8')) as { jails: Record<string, object> };
    file.jails['deaf'] = { pid: deaf, probes: { NEVER: { command: ['/bin/true'] } } };
    await s.host.edit(JSON.stringify(file));
    await s.host.probe('deaf/NEVER', ({ reason }) => reason === 'being armed', 'is being armed');
    const took = [await s.neighbourIsServed(), await s.neighbourIsServed()];
    hold(Math.max(...took) < 1000, `the neighbour was served after ${took.join(' and ')} ms`);
    // A daemon that begins looks for keepers without a name, as soon as somebody listens who could be one: that can be anybody.
    const listen = `process.chdir(${JSON.stringify(t.dir)}); require('net').createServer().listen('keeper.deadbeef.sock')`;
    launch(t, 'a socket', [process.execPath, '-e', listen]);
    await until(
      () => listeningKeepers().some(({ epoch }) => epoch === 'deadbeef'),
      'somebody listens by the name of a keeper',
    );
    process.kill(await s.host.pid(), 'SIGKILL');
    // It says that it is ready when nothing is on its way into a jail any more, or after 15 s.
    const { code, stderr } = await Promise.race([s.host.start(), pause(25_000, { code: null, stderr: '' })]);
    hold(code === 0, `the next daemon did not start: ${code} ${stderr}`);
    await s.neighbourIsServed();
    return `it alone waits: the neighbour is served in ${took[0]?.toFixed(0)} ms, and the next daemon starts`;
  },
);

run();

function noFuse(): string | undefined {
  return /\bfuse$/m.test(readFileSync('/proc/filesystems', 'latin1')) ? undefined : 'this kernel has no FUSE';
}

/** Asks in the neighbour all the time; gives the middle of how long that took, ms. */
async function serveMeanwhile(s: Siege, flood: Promise<unknown>, also = (): void => {}): Promise<string> {
  const took: number[] = [];
  const end = endOf(flood);
  while (!end.come) {
    also();
    took.push(await s.neighbourIsServed());
    await s.host.reaches('neighbour/AID', 'armed');
    await pause(NEIGHBOURLY);
  }
  took.sort((a, b) => a - b);
  const middle = took[Math.floor(took.length / 2)] ?? Infinity;
  hold(middle < 1000, `the neighbour was served after ${middle.toFixed(0)} ms`);
  return middle.toFixed(0);
}

/** Commands of the host that sleep exactly so long. */
function sleepers(seconds: string): number {
  const lines = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => commandLineOf(Number(pid)));
  return lines.filter((line) => line === `/bin/sleep\0${seconds}\0`).length;
}

function endOf(work: Promise<unknown>): { come: boolean } {
  const end = { come: false };
  void work.finally(() => (end.come = true));
  return end;
}
