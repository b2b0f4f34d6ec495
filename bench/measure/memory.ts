import { setTimeout as pause } from 'node:timers/promises';
import { children, pss } from '../proc.ts';
import { countOf } from '../rig/layout.ts';
import type { World } from '../rig/world.ts';
import type { Row } from '../row.ts';

/** What supervisors and their probes have in memory, in KiB. */
export interface Footprint {
  readonly probes: number;
  readonly floor: number;
  readonly ours: number;
}

export async function footprint({ layout, floor, ours }: World): Promise<Footprint> {
  await pause(1000); // for commands and scribes that have just ended
  const sum = (pid: number): number =>
    [pid, ...children(pid)].reduce((total, each) => total + (pss(each) ?? 0), 0);
  return { probes: countOf(layout), floor: sum(floor.pid), ours: sum(ours.pid) };
}

/** What each probe adds, with the supervisor's part in it: the growth from a few probes to many. */
export function memoryPerProbe(few: Footprint, many: Footprint): Row[] {
  const further = many.probes - few.probes;
  return [
    {
      what: 'memory of a further probe (PSS)',
      probes: many.probes,
      unit: 'KiB',
      floor: (many.floor - few.floor) / further,
      ours: (many.ours - few.ours) / further,
      goal: { of: 'ours', atMost: 10 },
      samples: 1,
    },
  ];
}
