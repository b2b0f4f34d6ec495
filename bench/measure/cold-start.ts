import { median } from '../quantile.ts';
import { countOf } from '../rig/layout.ts';
import type { World } from '../rig/world.ts';
import type { Row } from '../row.ts';

/** From the command that starts it until all probes are armed. Leaves the world of the last start open. */
export async function coldStart(
  open: () => Promise<World>,
  rounds: number,
  atMost: number,
): Promise<{ world: World; rows: Row[] }> {
  const started: { floor: number; ours: number }[] = [];
  for (;;) {
    const world = await open();
    started.push({ floor: world.floor.startedIn, ours: world.ours.startedIn });
    if (started.length < rounds) {
      await world.end();
      continue;
    }
    const row: Row = {
      what: 'cold start until all are armed',
      probes: countOf(world.layout),
      unit: 'ms',
      floor: median(started.map(({ floor }) => floor)),
      ours: median(started.map(({ ours }) => ours)),
      goal: { of: 'ours', atMost },
      samples: rounds,
    };
    return { world, rows: [row] };
  }
}
