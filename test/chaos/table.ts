import type { Verdict } from './audit.ts';

/** One line of what was found out: a number, and whether it is as it must be. */
export interface Row {
  readonly what: string;
  readonly value: string;
  /** Absent: for information. */
  readonly holds?: boolean;
}

export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const values = Math.max(...rows.map(({ value }) => value.length));
  return rows
    .map(({ what, value, holds }) => {
      const verdict = holds === undefined ? '' : holds ? 'ok' : 'NO';
      return `${what.padEnd(width)}  ${value.padStart(values)}  ${verdict}`.trimEnd();
    })
    .join('\n');
}

/** The equation, and what was found besides. */
export function sums(v: Verdict): Row[] {
  const windows = v.window + v.windowStopped;
  const begun = v.deaths - v.commands - v.cutShort;
  const rest = v.violations.length;
  return [
    { what: 'HUPs that killed an armed probe', value: String(v.deaths) },
    { what: '  commands run', value: String(v.commands) },
    { what: '  commands killed before their first line', value: String(v.cutShort) },
    { what: '  recorded, keeper killed before the command began', value: String(v.neverBegan) },
    { what: '  folded into another trigger', value: String(v.folded) },
    {
      what: '  in the window: keeper killed at that moment',
      value: `${v.window} (${v.windowMs.toFixed(1)} ms at most)`,
    },
    { what: '  in the window: keeper stopped, then killed', value: String(v.windowStopped) },
    {
      what: 'deaths = commands + not begun + folded + in the window',
      value: String(begun - v.neverBegan - v.folded - windows),
      holds: begun === v.neverBegan + v.folded + windows,
    },
    {
      what: 'deaths = records + folded + in the window',
      value: String(v.deaths - v.records - v.folded - windows),
      holds: v.deaths === v.records + v.folded + windows,
    },
    { what: 'records of triggers from the host', value: String(v.byHost) },
    { what: 'records with an end that nobody saw', value: String(v.unknown) },
    { what: 'longest that a probe outlived its keeper', value: `${v.outlivedMs.toFixed(1)} ms` },
    { what: 'ids twice, overlaps, wrong outcomes, and the like', value: String(rest), holds: rest === 0 },
  ];
}
