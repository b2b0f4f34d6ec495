import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../rig/execute.ts';
import { commandOf } from '../rig/proc.ts';
import { readFileSync } from 'node:fs';
import { fileText, type Paths } from './file.ts';
import { openHost, type Host } from './host.ts';
import { openJails, type Jail } from './jails.ts';
import type { Plan } from './plan.ts';
import { titleStem, type Probe, type Probes, type Respawn } from './probes.ts';
import type { Stage } from './stage.ts';
import { callWitness } from './witness.ts';

/** An ad hoc probe that was asked for and promised. */
export interface Attached {
  readonly id: string;
  readonly slot: string;
  readonly jail: number;
  /** It belongs to this life of its jail. */
  readonly life: number;
  readonly respawn: Respawn;
}

/** Everything that the monkey can reach, and what it has done there. */
export interface World {
  readonly dir: string;
  readonly paths: Paths;
  readonly witness: string;
  readonly jails: readonly Jail[];
  readonly host: Host;
  /** The file as it should be now, whatever stands there. */
  probes: Probes;
  readonly attached: Attached[];
  /** Which keepers were stopped, and since when: nanoseconds of CLOCK_MONOTONIC. */
  readonly frozen: { readonly pid: number; readonly from: bigint; to?: bigint }[];
  /** Triggers whose command was killed, perhaps before it could write its first line. */
  readonly killed: Set<string>;
  /** How many HUPs were sent by somebody inside. */
  pressed: number;
  /** What went wrong where nothing may. */
  readonly trouble: string[];
  /** Somebody wants it to end now. */
  readonly stopped: AbortSignal;
}

/** Of the state directory's disk: room for the history of so many seconds, bytes. */
const DISK = 24 << 20;
const DISK_PER_SECOND = 48 << 10;

export async function openWorld(stage: Stage, plan: Plan, stopped: AbortSignal): Promise<World> {
  const bin = join(stage.dir, 'bin');
  const [locks, ledger, witness] = ['locks', 'ledger', 'witness'].map((name) => join(stage.dir, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(bin);
  await mkdir(locks);
  await must('make', ['-s', '-C', join(import.meta.dirname, 'native'), `OUT=${bin}`]);
  // Short, for a process's name has 15 bytes; and not that of another run.
  const prefix = `c${process.pid.toString(36)}`;
  const paths: Paths = { prefix, errand: join(bin, 'errand'), ledger, locks };
  await callWitness(stage, join(bin, 'witness'), prefix, witness);
  const jails = await openJails(stage, join(bin, 'finger'));
  const pidfiles = jails.map(({ pidfile }) => pidfile);
  const size = DISK + plan.seconds * DISK_PER_SECOND;
  const host = await openHost(stage, fileText(plan.first, pidfiles, paths), size);
  return {
    dir: stage.dir,
    paths,
    witness,
    jails,
    host,
    probes: plan.first,
    attached: [],
    frozen: [],
    killed: new Set(),
    pressed: 0,
    trouble: [],
    stopped,
  };
}

export function textOf({ probes, jails, paths }: World): string {
  return fileText(
    probes,
    jails.map(({ pidfile }) => pidfile),
    paths,
  );
}

/** Somebody inside asks for these, whatever the versions of their titles. */
export async function press(world: World, jail: number, slots: readonly string[]): Promise<number> {
  const stems = slots.map((slot) => titleStem(world.paths.prefix, slot));
  const sent = (await world.jails[jail]?.press(stems)) ?? 0;
  world.pressed += sent;
  return sent;
}

/** The processes that a keeper has now, by what they are. */
export function childrenOf(world: World, keeper: number): { probes: number[]; commands: number[] } {
  const probes: number[] = [];
  const commands: number[] = [];
  for (const pid of childPids(keeper)) {
    const name = commandOf(pid);
    if (name.startsWith(`${world.paths.prefix}.`)) probes.push(pid);
    else if (name === 'errand') commands.push(pid);
  }
  return { probes, commands };
}

function childPids(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // it has just died
  }
}

export function presentProbes(world: World): Probe[] {
  return [...world.probes.values()].filter(({ present }) => present);
}
