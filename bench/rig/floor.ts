import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { killExactly, startOf } from '../../test/rig/proc.ts';
import type { Layout } from './layout.ts';
import type { Workshop } from './workshop.ts';

/** One of the two that are compared, with its probes in place. */
export interface Supervisor {
  /** The process whose children the probes are. */
  readonly pid: number;
  /** From the order to start until every probe was there, in milliseconds. */
  readonly startedIn: number;
  end(): Promise<void>;
}

/** Starts the bare C program that does no more than the main job. */
export async function startFloor(workshop: Workshop, layout: Layout): Promise<Supervisor> {
  const { program, fifo, gate } = workshop;
  const counts = [layout.shell, layout.list, layout.immediately].map(String);
  const begun = performance.now();
  const child = spawn(program('floor'), [program('waiter'), program('first'), fifo, gate, ...counts], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const ready = await Promise.race([once(child.stdout, 'data'), ended.then(() => undefined)]);
  const startedIn = performance.now() - begun;
  const pid = child.pid;
  if (ready === undefined || pid === undefined) throw new Error('the floor did not start');
  const start = startOf(pid);
  const end = async (): Promise<void> => {
    await killExactly(pid, start); // its waiting programs die with it
  };
  workshop.defer('end the floor', end);
  return { pid, startedIn, end };
}
