/** Something that doctor has to say. `danger` is to be mended now, a `warning` soon, a `note` is for thought. */
export interface Finding {
  readonly severity: 'danger' | 'warning' | 'note';
  /** Stable, for machines: `probe-capabilities`, `open-mode`, … */
  readonly code: string;
  /** What it is about: a probe's id, a jail's name, a path. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
  readonly at?: { readonly file: string; readonly line: number };
}

const RANK = { danger: 0, warning: 1, note: 2 } as const;

/** The worst first, otherwise as they were found. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
}
