import { cpus, loadavg, release, type as system, totalmem } from 'node:os';

/** Where it was measured: absolute times mean nothing without it. */
export interface Machine {
  readonly system: string;
  readonly cpus: number;
  readonly model: string;
  readonly memoryGiB: number;
  readonly node: string;
  /** How many processes wanted to run, over the minute before: a busy machine measures itself. */
  readonly load: number;
}

export function lookAtMachine(): Machine {
  return {
    system: `${system()} ${release()}`,
    cpus: cpus().length,
    model: cpus()[0]?.model.trim() || 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load: loadavg()[0] ?? 0,
  };
}

export function describe({ system, cpus, model, memoryGiB, node, load }: Machine): string {
  return `${system}, ${cpus} CPUs (${model}), ${memoryGiB} GiB, Node ${node}; load at the start ${load.toFixed(2)}`;
}
