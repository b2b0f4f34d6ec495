import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Outcome } from '../rig/execute.ts';
import { isAlive, startOf } from '../rig/proc.ts';
import { errandOf, spoiled } from './file.ts';
import type { Action, Deed, Plan } from './plan.ts';
import { changed, jailName, titleOf } from './probes.ts';
import { childrenOf, press, textOf, type World } from './world.ts';

type Doing<D extends Deed['do']> = (world: World, deed: Extract<Deed, { do: D }>) => unknown;

/** What a command line may say while the daemon is being killed: done, failed, no daemon, busy, a broken file. */
const FAIR = new Set([0, 1, 69, 75, 78]);

const DEEDS: { [D in Deed['do']]: Doing<D> } = {
  press: (world, { jail, slots }) => press(world, jail, slots),
  'press-all': async (world, { jail }) => void (await world.jails[jail]?.press(['*'])),
  trigger: async (world, { slot }) => {
    const probe = world.probes.get(slot);
    if (!probe) return;
    const title = titleOf(world.paths.prefix, probe);
    fair(world, 'trigger', await world.host.cli('trigger', jailName(probe.jail), title));
  },
  kill: (world, { whom, pick }) => {
    const pid = find(world, whom, pick);
    if (pid === undefined) return;
    const id = whom === 'command' ? triggerOf(pid) : undefined;
    if (id !== undefined) world.killed.add(id);
    signal(pid, 'SIGKILL');
  },
  freeze: async (world, { whom, pick, ms }) => {
    const pid = find(world, whom, pick);
    if (pid !== undefined) await freeze(world, whom, pid, ms);
  },
  slow: async (world, { ms }) => {
    for (const end = performance.now() + ms; performance.now() < end; await pause(2)) {
      const keeper = world.host.keeper();
      if (keeper !== undefined) await freeze(world, 'keeper', keeper, 30);
    }
  },
  edit: async (world, { changes }) => {
    world.probes = changed(world.probes, changes);
    await world.host.write(textOf(world));
  },
  spoil: (world, { how }) => world.host.write(spoiled(textOf(world), how)),
  reload: async (world, { times }) => {
    const all = Array.from({ length: times }, () => world.host.cli('reload'));
    for (const outcome of await Promise.all(all)) fair(world, 'reload', outcome);
  },
  upgrade: async (world, { keeper }) =>
    fair(world, 'upgrade', await world.host.cli('upgrade', ...(keeper ? ['--keeper'] : []))),
  restart: (world, { jail }) => world.jails[jail]?.restart(),
  stop: async (world, { jail, ms }) => {
    await world.jails[jail]?.stop();
    await pause(ms);
    await world.jails[jail]?.restart();
  },
  fill: async (world, { ms }) => {
    const ballast = join(world.host.state, 'ballast');
    fill(ballast);
    await pause(ms);
    rmSync(ballast, { force: true });
  },
  attach: async (world, { slot, jail, respawn, hold }) => {
    const life = world.jails[jail]?.life ?? 0;
    const words = errandOf({ slot, respawn, hold, code: 0, deaf: false }, world.paths);
    const title = titleOf(world.paths.prefix, { slot, version: 0 });
    const flags = { never: [], after: ['-r'], immediately: ['-R'] }[respawn];
    const asked = ['-c', `exec ${words.join(' ')}`, '-j', jailName(jail), '-t', title, ...flags];
    const outcome = await world.host.cli(...asked);
    fair(world, 'jaildaemon -c', outcome);
    if (outcome.code === 0) world.attached.push({ id: outcome.stdout.trim(), slot, jail, life, respawn });
  },
};

async function freeze(
  world: World,
  whom: 'daemon' | 'keeper' | 'probe',
  pid: number,
  ms: number,
): Promise<void> {
  const start = startOf(pid);
  const stretch: World['frozen'][number] = { pid, from: process.hrtime.bigint() };
  if (whom === 'keeper') world.frozen.push(stretch);
  signal(pid, 'SIGSTOP');
  await pause(ms);
  if (startOf(pid) === start) signal(pid, 'SIGCONT');
  stretch.to = process.hrtime.bigint();
}

/** Does everything in its time, and returns when all that was begun is over. */
export async function unleash(world: World, plan: Plan): Promise<void> {
  const begin = performance.now();
  const open = new Set<Promise<void>>();
  for (const action of plan.actions) {
    const wait = begin + action.at - performance.now();
    if (wait > 0) await pause(wait, undefined, { signal: world.stopped });
    const done = perform(world, action).finally(() => open.delete(done));
    open.add(done);
  }
  await Promise.all(open);
}

async function perform(world: World, action: Action): Promise<void> {
  try {
    await (DEEDS[action.do] as unknown as Doing<never>)(world, action as never);
  } catch (error) {
    world.trouble.push(`the monkey could not ${action.do} at ${action.at} ms: ${String(error)}`);
  }
}

function find(
  world: World,
  whom: 'daemon' | 'keeper' | 'probe' | 'command',
  pick: number,
): number | undefined {
  if (whom === 'daemon') return world.host.daemon();
  const keeper = world.host.keeper();
  if (keeper === undefined || whom === 'keeper') return keeper;
  const { probes, commands } = childrenOf(world, keeper);
  const all = whom === 'probe' ? probes : commands;
  return all[Math.floor(pick * all.length)];
}

/** By its environment. */
function triggerOf(pid: number): string | undefined {
  try {
    return /(?:^|\0)TRIGGER_ID=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1];
  } catch {
    return undefined; // it has just ended
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    if (isAlive(pid)) process.kill(pid, name);
  } catch {
    // it has just ended by itself
  }
}

function fair(world: World, what: string, { code, signal, stderr }: Outcome): void {
  if (code !== null && FAIR.has(code)) return;
  world.trouble.push(`${what}: ${signal ?? `exit ${code}`}: ${stderr.trim()}`);
}

function fill(path: string): void {
  const chunk = Buffer.alloc(1 << 20);
  const file = openSync(path, 'w', 0o600);
  try {
    for (;;) writeSync(file, chunk);
  } catch {
    // ENOSPC: it is full
  } finally {
    closeSync(file);
  }
}
