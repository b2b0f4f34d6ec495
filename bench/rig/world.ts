import type { Shape } from './file.ts';
import { EACH, writeConfigFile } from './file.ts';
import { startFloor, type Supervisor } from './floor.ts';
import type { Jails } from './jails.ts';
import { countOf, type Layout } from './layout.ts';
import { startOurs, type Ours } from './ours.ts';
import type { Workshop } from './workshop.ts';

/** Both that are compared, side by side, with the same probes. */
export interface World {
  readonly workshop: Workshop;
  readonly layout: Layout;
  readonly floor: Supervisor;
  readonly ours: Ours;
  end(): Promise<void>;
}

export async function openWorld(workshop: Workshop, jails: Jails, layout: Layout): Promise<World> {
  const floor = await startFloor(workshop, layout);
  const ours = await openOurs(workshop, jails, layout);
  const end = async (): Promise<void> => {
    await floor.end();
    await ours.end();
  };
  return { workshop, layout, floor, ours, end };
}

/** Ours alone, where there is nothing to compare it with. */
export async function openOurs(
  workshop: Workshop,
  jails: Jails,
  layout: Layout,
  shape: Shape = 'includes',
): Promise<Ours> {
  const count = countOf(layout);
  const where = await jails.atLeast(Math.ceil(count / EACH));
  return startOurs(workshop, writeConfigFile(workshop, where, layout, shape), count);
}
