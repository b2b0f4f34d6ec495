import { median } from '../quantile.ts';
import { countOf } from '../rig/layout.ts';
import type { World } from '../rig/world.ts';
import type { Row } from '../row.ts';
import { drive } from './drive.ts';

const AT_ONCE = 500;

/** From the first HUP to the first instruction of the last command. That each starts exactly once is seen to. */
export async function burst(world: World, rounds: number): Promise<Row[]> {
  const { floor, ours } = await drive(world, 'burst', { kind: 'shell', count: AT_ONCE, rounds, pause: 500 });
  return [
    {
      what: `${AT_ONCE} HUPs at once, each command started once`,
      probes: countOf(world.layout),
      unit: 'ms',
      floor: median(floor),
      ours: median(ours),
      goal: { of: 'ratio', atMost: 1.2 },
      samples: rounds,
    },
  ];
}
