import { median, quantile } from '../quantile.ts';
import { countOf } from '../rig/layout.ts';
import type { World } from '../rig/world.ts';
import type { Row } from '../row.ts';
import { drive } from './drive.ts';

const WHAT = {
  shell: { what: 'HUP to first instruction, sh -c', atMost: 1.2 },
  list: { what: 'HUP to first instruction, list', atMost: 1.35 },
};

/** From just before kill(2) to the command's first look at the clock. */
export async function firstInstruction(world: World, kind: 'shell' | 'list', rounds: number): Promise<Row[]> {
  const { floor, ours } = await drive(world, 'first', { kind, rounds, pause: 5 });
  const { what, atMost } = WHAT[kind];
  const common = { probes: countOf(world.layout), unit: 'ms', samples: rounds } as const;
  return [
    { ...common, what, floor: median(floor), ours: median(ours), goal: { of: 'ratio', atMost } },
    {
      ...common,
      what: `${what}, p99`,
      floor: quantile(floor, 0.99),
      ours: quantile(ours, 0.99),
      ...(kind === 'shell' && { goal: { of: 'ratio', atMost: 2 } }),
    },
  ];
}
