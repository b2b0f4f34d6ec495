import { median } from '../quantile.ts';
import type { Ours } from '../rig/ours.ts';
import type { Row } from '../row.ts';
import { timed } from './timed.ts';

const ROUNDS = 9;

/** `jaildaemon status`, from the shell to its end. */
export async function status({ cli }: Ours, probes: number, atMost: number): Promise<Row[]> {
  const took: number[] = [];
  while (took.length < ROUNDS) took.push(await timed(() => cli('status')));
  return [
    {
      what: 'status, from shell to output',
      probes,
      unit: 'ms',
      ours: median(took),
      goal: { of: 'ours', atMost },
      samples: ROUNDS,
    },
  ];
}
