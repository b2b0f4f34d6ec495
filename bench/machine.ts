import { readFileSync } from 'node:fs';
import { cpus, release, type as system, totalmem } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** Where it was measured: absolute times mean nothing without it. */
export interface Machine {
  readonly system: string;
  readonly cpus: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly node: string;
}

export function lookAtMachine(): Machine {
  return {
    system: `${system()} ${release()}`,
    cpus: cpus().length,
    model: cpus()[0]?.model.trim() || 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

export function describe({ system, cpus, model, memoryGiB, node }: Machine): string {
  return `${system}, ${cpus} CPUs (${model}), ${memoryGiB} GiB, Node ${node}`;
}

/** The share of the processors that others use while the bench rests: a busy machine measures itself. */
export async function busyShare(): Promise<number> {
  const before = ticks();
  await pause(1500);
  const after = ticks();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function ticks(): { idle: number; all: number } {
  const [first = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const each = first.split(/ +/).slice(1, 9).map(Number); // user nice system IDLE IOWAIT irq softirq steal
  return { idle: (each[3] ?? 0) + (each[4] ?? 0), all: each.reduce((sum, one) => sum + one, 0) };
}
