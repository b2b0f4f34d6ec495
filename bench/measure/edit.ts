import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { must } from '../../test/rig/execute.ts';
import { median } from '../quantile.ts';
import type { Ours } from '../rig/ours.ts';
import type { Workshop } from '../rig/workshop.ts';
import type { Row } from '../row.ts';

const ROUNDS = 9;

/** From renaming the edited file over the old one until the probe that it brings is there; nobody says `reload`. */
export async function editToArmed(workshop: Workshop, { pid, config }: Ours, probes: number): Promise<Row[]> {
  const took: number[] = [];
  const file = config.holding(0);
  while (took.length < ROUNDS) {
    const title = `NEW-${took.length}`;
    await writeFile(`${file}.new`, config.text(0, { added: title }), { mode: 0o600 });
    const nanoseconds = await must(workshop.program('edit'), [`${file}.new`, file, String(pid), title]);
    took.push(Number(nanoseconds) / 1e6);
    await pause(1000);
  }
  return [
    {
      what: 'file renamed to its new probe armed',
      probes,
      unit: 'ms',
      ours: median(took),
      goal: { of: 'ours', atMost: 250 },
      samples: ROUNDS,
    },
  ];
}
