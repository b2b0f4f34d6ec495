import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { killExactly, startOf } from '../../test/rig/proc.ts';
import { pss } from '../proc.ts';
import { median } from '../quantile.ts';
import type { Ours } from '../rig/ours.ts';
import type { Workshop } from '../rig/workshop.ts';
import type { Row } from '../row.ts';

const READINGS = 5;

/**
 * The daemon beside a Node that does nothing, both read in the same moment: Node's own text is shared by all that run,
 * so that both numbers depend on how many these are, and their difference does not.
 */
export async function daemonMemory(
  workshop: Workshop,
  { daemon }: Ours,
  probes: number,
  atMost: number,
): Promise<Row[]> {
  const bare = spawn(process.execPath, ['-e', 'setInterval(()=>{},1e9)'], { stdio: 'ignore' });
  const { pid } = bare;
  if (pid === undefined) throw new Error('a bare Node cannot be started');
  const start = startOf(pid);
  const end = (): Promise<void> => killExactly(pid, start);
  workshop.defer('end the bare Node', end);

  const readings: { floor: number; ours: number }[] = [];
  await pause(2000); // what a start leaves behind is collected
  while (readings.length < READINGS) {
    readings.push({ floor: (pss(pid) ?? Number.NaN) / 1024, ours: (pss(daemon) ?? Number.NaN) / 1024 });
    await pause(200);
  }
  await end();
  return [
    {
      what: 'memory of the daemon over a bare Node (PSS)',
      probes,
      unit: 'MiB',
      floor: median(readings.map(({ floor }) => floor)),
      ours: median(readings.map(({ ours }) => ours)),
      goal: { of: 'excess', atMost },
      samples: READINGS,
    },
  ];
}
