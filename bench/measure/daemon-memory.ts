import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { killExactly, startOf } from '../../test/rig/proc.ts';
import { pss } from '../proc.ts';
import { median } from '../quantile.ts';
import type { Ours } from '../rig/ours.ts';
import type { Workshop } from '../rig/workshop.ts';
import type { Row } from '../row.ts';

const READINGS = 4;
const SECONDS = 2;
const PATIENCE = 15;

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

  // At rest: what a start leaves behind is collected within some seconds, and then the readings agree.
  const readings: { floor: number; ours: number }[] = [];
  for (let turn = 0; turn < PATIENCE && !agree(readings); turn++) {
    await pause(SECONDS * 1000);
    readings.push({ floor: (pss(pid) ?? Number.NaN) / 1024, ours: (pss(daemon) ?? Number.NaN) / 1024 });
  }
  const last = readings.slice(-READINGS);
  await end();
  return [
    {
      what: 'memory of the daemon over a bare Node (PSS)',
      probes,
      unit: 'MiB',
      floor: median(last.map(({ floor }) => floor)),
      ours: median(last.map(({ ours }) => ours)),
      goal: { of: 'excess', atMost },
      samples: last.length,
    },
  ];
}

function agree(readings: readonly { floor: number; ours: number }[]): boolean {
  const excess = readings.slice(-READINGS).map(({ floor, ours }) => ours - floor);
  return excess.length === READINGS && Math.max(...excess) - Math.min(...excess) < 1;
}
