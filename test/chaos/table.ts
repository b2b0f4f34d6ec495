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
