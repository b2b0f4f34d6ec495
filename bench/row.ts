/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly probes: number;
  readonly unit: 'ms' | 'KiB' | 'MiB' | 'times' | 'times/s';
  /** Absent where there is nothing to compare with. */
  readonly floor?: number;
  readonly ours: number;
  /** The goal is for the ratio to the floor, for what is more than the floor, or for ours alone. */
  readonly goal?: { readonly of: 'ratio' | 'excess' | 'ours'; readonly atMost: number };
  /** Of how many measurements these are the medians, or whatever `what` says. */
  readonly samples: number;
}

/** What the goal is about, as a number; the ratio where there is no goal. */
export function compared({ floor, ours, goal }: Row): number | undefined {
  if (goal?.of === 'ours') return ours;
  if (floor === undefined) return undefined;
  return goal?.of === 'excess' ? ours - floor : ours / floor;
}

export function isReached(row: Row): boolean | undefined {
  const value = compared(row);
  return row.goal === undefined || value === undefined ? undefined : value <= row.goal.atMost;
}
