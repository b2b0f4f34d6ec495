import { setTimeout as pause } from 'node:timers/promises';
import { sleeps } from '../proc.ts';
import type { Ours } from '../rig/ours.ts';
import type { Row } from '../row.ts';

const SECONDS = 10;

/** How often keeper and daemon wake up when nothing happens. */
export async function idle({ pid, daemon }: Ours, probes: number): Promise<Row[]> {
  await pause(3000); // what came before has its afterthoughts
  const before = { keeper: sleeps(pid), daemon: sleeps(daemon) };
  await pause(SECONDS * 1000);
  const after = { keeper: sleeps(pid), daemon: sleeps(daemon) };
  return [
    {
      what: `keeper wakes up in ${SECONDS} s of rest`,
      probes,
      unit: 'times',
      ours: after.keeper - before.keeper,
      goal: { of: 'ours', atMost: 0 },
      samples: 1,
    },
    {
      what: 'daemon wakes up at rest (rescans; all threads)',
      probes,
      unit: 'times/s',
      ours: (after.daemon - before.daemon) / SECONDS,
      samples: 1,
    },
  ];
}
