/** A probe in the hands of its jail's root: all that can be read from it, written to it and done with it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from '../rig/launch.ts';
import { until } from '../rig/until.ts';
import { attacks, hold } from './attack.ts';
import { bring, outcomes } from './attacker.ts';
import { INSIDERS, siege, unless, type Siege } from './siege.ts';

const { attack, run } = attacks('the probe');

for (const { who, kind, own } of INSIDERS) {
  const options = { who, unless: unless(kind) };
  const target = { TARGET: { command: 'exit 7' } };

  attack('take what it has: memory, registers, descriptors, /proc', options, async (t) => {
    const s = await siege(t, kind, () => target);
    const pid = await s.inside('TARGET');
    await s.attack('loot', 1, '/own');
    const found = await s.attack('loot', pid, '/loot');
    const all = readdirSync(join(s.root, 'loot')).map((name) => [name, news(s.root, name)] as const);
    hold(all.length > 3, 'the attacker took nothing at all: that is not believed');
    for (const [name, text] of all)
      for (const secret of s.secrets) hold(!text.includes(secret), `${name} holds ${JSON.stringify(secret)}`);
    const [, memory = ''] = all.find(([name]) => name === 'memory') ?? [];
    if (own) hold(outcomes(found, 'PTRACE_ATTACH') === 'EPERM', 'it could be attached to');
    else hold(memory.includes('TARGET'), 'its memory was not read, so this shows nothing');

    const descriptors = [...found].filter(([name, [what]]) => name.startsWith('getfd ') && what === 'ok');
    const links = [...found.keys()]
      .filter((name) => name.startsWith('fd/'))
      .map((name) => outcomes(found, name));
    hold(
      links.every((link) => /^pipe:\[\d+\]$|^EACCES$/.test(link)),
      `it has ${links.join(', ')}`,
    );
    hold(descriptors.length <= (own ? 0 : 1), `${descriptors.length} descriptors can be had`);

    const ways = [...(found.get('follow') ?? []), ...(found.get('namespace') ?? [])];
    hold(!ways.some((what) => what.includes('ANOTHER')), ways.join('; '));
    hold(ways.length === 9, 'not every way out was tried');

    // The attacker has also written to the pipe, and held it open: the probe is none the worse for it.
    hold((await s.inside('TARGET')) === pid, 'the probe died of it');
    hold((await s.host.history()).length === 0, 'that was a trigger');
    if (own) return 'EPERM, EACCES for all; what ps shows is all there is';
    return `its own text and title, one silent pipe, the jail’s root and namespaces; ${all.length} files hold no secret`;
  });

  attack('make it make system calls', { ...options, seconds: 60 }, async (t) => {
    const calls = ['getpid', 'openat', 'socket', 'clone', 'clone as sibling', 'kill all', 'kill itself'];
    const more = ['unshare', 'mmap', 'prctl', 'patch'];
    const names = own ? ['getpid'] : [...calls, ...more];
    const probes = Object.fromEntries(
      names.map((name, i) => [`P-${i}`, { command: 'exit 7', title: `${name}!` }]),
    );
    const s = await siege(t, kind, () => probes);
    for (const [i, name] of names.entries()) {
      const found = await s.attack('inject', await s.inside(`P-${i}`), name);
      if (own) hold(outcomes(found, 'seize') === 'EPERM', `${name}: it could be seized`);
      else hold(outcomes(found, 'end') === 'signal KILL', `${name}: ${outcomes(found, 'end')}`);
    }
    hold((await s.host.history()).length === 0, 'one of these deaths was a trigger');
    if (!own) {
      // They were noticed for what they are, and all come back.
      for (const i of names.keys()) await s.inside(`P-${i}`);
      hold(/SIGKILL; no trigger/.test(await s.host.log()), 'nobody noticed');
    }
    return own ? 'EPERM: it cannot be seized' : `each of ${names.length} dies by SIGKILL, no trigger`;
  });

  attack('own the program that all probes execute', options, async (t) => {
    const s = await siege(t, kind, () => target);
    const pid = await s.inside('TARGET');
    const theirs = await imageOf(s, 'neighbour/AID');
    hold(theirs !== (await imageOf(s, 'web/TARGET')), 'it is the same file as another jail’s');
    const found = await s.attack('exe', pid);
    if (own) hold(outcomes(found, 'open to read') === 'EACCES', 'it can be opened');
    for (const name of [
      'open to write',
      'open to truncate',
      'truncate',
      'write',
      'ftruncate',
      'map to write',
    ])
      hold(!(found.get(name) ?? []).includes('ok'), `${name}: ok`);
    hold((await imageOf(s, 'neighbour/AID')) === theirs, 'the other jail’s has changed');
    for (let i = 0; i < 3; i++) await s.neighbourIsServed();
    const [open, write] = [outcomes(found, 'open to write'), outcomes(found, 'write')];
    if (!own) hold(write === 'EPERM', `write to the file of a dead probe: ${write}`);
    return own
      ? `open: ${open}`
      : `open: ${open}; write: ${write}; its mode is nobody else’s: each jail has a copy`;
  });

  // Who cannot seize it cannot hold it either, nor make it work.
  if (own) continue;
  const worker = { ...options, who: 'root who may trace', seconds: 60 };
  attack('make it compute, and its stack grow, outside of the jail’s limits', worker, async (t) => {
    const s = await siege(t, kind, () => ({ SPIN: { command: 'exit 7' }, GROW: { command: 'exit 7' } }));
    const most = { SPIN: 0, GROW: 0 };
    for (const [key, what] of [
      ['SPIN', 'spin'],
      ['GROW', 'grow'],
    ] as const) {
      const { pid = 0 } = await s.host.reaches(`web/${key}`, 'armed');
      const found = await s.attack('burn', await s.inside(key), what);
      hold(outcomes(found, 'write over') === 'ok', 'nothing was written over it, so this shows nothing');
      for (const limit of ['lift cpu', 'lift memory'])
        hold(outcomes(found, limit) === 'EPERM', `${limit}: ${outcomes(found, limit)}`);
      await until(
        () => {
          most[key] = Math.max(most[key], memoryOf(pid));
          hold(most[key] < 1024, `${key} has ${most[key]} KiB`);
          return !existsSync(`/proc/${pid}`);
        },
        `${key} has died`,
        { seconds: 20 },
      );
    }
    for (const end of ['SPIN: the probe was ended by SIGKILL', 'GROW: the probe was ended by SIGSEGV'])
      await until(async () => (await s.host.log()).includes(`web/${end}; no trigger`), `the log has ${end}`);
    hold((await s.host.history()).length === 0, 'that was a trigger');
    for (const key of ['SPIN', 'GROW']) await s.inside(key);
    return `SIGKILL after a second of computing, SIGSEGV as soon as it grows; no trigger`;
  });

  attack('keep it from dying, so that the daemon cannot stop', options, async (t) => {
    const s = await siege(t, kind, () => ({ ...target, SECOND: { command: 'exit 7' } }));
    const pids = [await s.inside('TARGET'), await s.inside('SECOND')];
    await bring('hold', join(s.root, 'tmp'));
    const inside = ['nsenter', '-t', String(s.jail.pid), '-a', '-r', '-w', '/tmp/hold', ...pids.map(String)];
    const holder = launch(t, 'hold', inside);
    const told = await until(
      () => /^held\t.*/m.test(holder.told()) && holder.told(),
      'the tracer holds them',
    );
    const begin = performance.now();
    const { code, stderr } = await s.host.cli('stop');
    const took = performance.now() - begin;
    hold(code === 0, `stop ends with ${code}: ${stderr}`);
    hold(took < 8000, `stop took ${took.toFixed(0)} ms`);
    hold((await s.lines()).length === 0, 'and something ran');
    const seized = /^seize\tok/m.test(told);
    hold(seized, 'the tracer does not hold them');
    return `stop ends after ${(took / 1000).toFixed(1)} s all the same`;
  });
}

run();

/** What a file of the loot has that the jail's first process does not tell as well: its mounts are no news. */
function news(root: string, name: string): string {
  const lines = (folder: string): string[] =>
    existsSync(join(root, folder, name)) ? readFileSync(join(root, folder, name), 'latin1').split('\n') : [];
  if (!name.startsWith('mount')) return lines('loot').join('\n');
  const known = new Set(lines('own'));
  return lines('loot')
    .filter((line) => !known.has(line))
    .join('\n');
}

/** What of its memory is there, KiB; 0 when it has ended. */
function memoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The file that a probe executes, and how it is. */
async function imageOf({ host }: Siege, id: string): Promise<string> {
  const { pid = 0 } = await host.reaches(id, 'armed');
  const { dev, ino, mode, uid, gid, ctimeMs } = statSync(`/proc/${pid}/exe`);
  return [dev, ino, mode, uid, gid, ctimeMs].join(' ');
}
