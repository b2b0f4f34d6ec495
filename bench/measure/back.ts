import { median } from '../quantile.ts';
import { countOf } from '../rig/layout.ts';
import type { World } from '../rig/world.ts';
import type { Row } from '../row.ts';
import { drive } from './drive.ts';

/** From just before kill(2) until the new probe sleeps and HUP would kill it; `respawn: immediately`. */
export async function back(world: World, rounds: number): Promise<Row[]> {
  const { floor, ours } = await drive(world, 'back', { kind: 'immediately', rounds, pause: 5 });
  return [
    {
      what: 'HUP to the new probe being there',
      probes: countOf(world.layout),
      unit: 'ms',
      floor: median(floor),
      ours: median(ours),
      goal: { of: 'ratio', atMost: 3 },
      samples: rounds,
    },
  ];
}
