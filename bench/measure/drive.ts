import { must } from '../../test/rig/execute.ts';
import { countOf, range, type Kind } from '../rig/layout.ts';
import type { World } from '../rig/world.ts';

/** Milliseconds, one for each turn; the turns of the two alternate. */
export interface Samples {
  readonly floor: readonly number[];
  readonly ours: readonly number[];
}

export interface DriveOptions {
  readonly kind: Kind;
  /** How many of that kind take part; all, unless it says otherwise. */
  readonly count?: number;
  readonly rounds: number;
  /** Milliseconds of rest after each turn, for what a turn leaves to do: the daemon's history, say. */
  readonly pause: number;
}

/** Triggers probes of both sides, from C: Node's own jitter would be larger than what is measured. */
export async function drive(
  { workshop, layout, floor, ours }: World,
  what: 'first' | 'back' | 'burst',
  { kind, count, rounds, pause }: DriveOptions,
): Promise<Samples> {
  const which = range(layout, kind);
  const printed = await must(
    workshop.program('drive'),
    [
      what,
      ...[rounds, which.from, count ?? which.count, pause].map(String),
      workshop.fifo,
      workshop.gate,
      ...[floor.pid, ours.pid, countOf(layout)].map(String),
    ],
    { seconds: 300 },
  );
  const lines = printed
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const of = (name: string): number[] =>
    lines.filter(([side]) => side === name).map(([, nanoseconds]) => Number(nanoseconds) / 1e6);
  return { floor: of('floor'), ours: of('ours') };
}
