import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { killExactly, startOf } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';
import { slotIn } from './probes.ts';

/** One process of a probe, from its birth: all times are nanoseconds of CLOCK_MONOTONIC. */
export interface Body {
  readonly pid: number;
  readonly slot: string;
  readonly keeper: KeeperLife;
  readonly namedAt: bigint;
  diedAt?: bigint;
  /** By which signal; 0: it ended by itself. */
  signal?: number;
}

export interface KeeperLife {
  readonly pid: number;
  readonly from: bigint;
  diedAt?: bigint;
  signal?: number;
}

/** The slot of a probe that lived too short to be looked at. */
export const UNKNOWN = '?';

/** What the kernel saw. */
export interface Testimony {
  readonly bodies: readonly Body[];
  readonly keepers: readonly KeeperLife[];
  /** How often the kernel had to leave something out: then nothing can be said. */
  readonly lost: number;
}

/** Starts the witness, which writes until the stage is cleared. */
export async function callWitness(t: Teller, program: string, prefix: string, file: string): Promise<void> {
  const child = spawn(program, [prefix, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${program}`);
  const start = startOf(pid);
  t.defer('end the witness', () => killExactly(pid, start));
  const ended = once(child, 'exit').then(() => {
    throw new Error('the witness has ended; does the kernel have CONFIG_PROC_EVENTS?');
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {}); // at the end it is killed
}

/** Reads what it has written so far. Pids come again, so the order of the lines counts. */
export async function hearWitness(file: string, prefix: string): Promise<Testimony> {
  const bodies: Body[] = [];
  const keepers: KeeperLife[] = [];
  const living = new Map<number, Body | KeeperLife>();
  let lost = 0;
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const [what, pid, ...rest] = line.split(' ');
    if (what === 'lost') lost++;
    else if (what === 'named') named(Number(pid), rest);
    else if (what === 'executed') executed(Number(pid));
    else if (what === 'died') died(Number(pid), rest);
  }
  return { bodies, keepers, lost };

  function named(pid: number, [parent = '', at = '', ...name]: string[]): void {
    const slot = slotIn(prefix, name.join(' ')) ?? UNKNOWN;
    const body: Body = { pid, slot, keeper: keeperOf(Number(parent), BigInt(at)), namedAt: BigInt(at) };
    bodies.push(body);
    living.set(pid, body);
  }

  /** It was on its way into the jail, and no probe. */
  function executed(pid: number): void {
    const one = living.get(pid);
    living.delete(pid);
    const index = bodies.findIndex((body) => body === one);
    if (index !== -1) bodies.splice(index, 1);
  }

  function keeperOf(pid: number, at: bigint): KeeperLife {
    const known = living.get(pid);
    if (known && 'from' in known) return known;
    const keeper: KeeperLife = { pid, from: at };
    keepers.push(keeper);
    living.set(pid, keeper);
    return keeper;
  }

  function died(pid: number, [at = '', status = '']: string[]): void {
    const one = living.get(pid);
    if (!one) return;
    living.delete(pid);
    one.diedAt = BigInt(at);
    one.signal = Number(status) & 0x7f;
  }
}
