import { compared, isReached, type Row } from './row.ts';

const HEADINGS = ['what', 'probes', 'floor', 'ours', 'ratio', 'goal', 'reached'];

/** The rows as people read them; those about the same thing stand together. */
export function table(rows: readonly Row[]): string {
  const subjects = [...new Set(rows.map(({ what }) => what))];
  const sorted = subjects.flatMap((subject) => rows.filter(({ what }) => what === subject));
  const cells = sorted.map((row, number) => {
    const isRepeated = sorted[number - 1]?.what === row.what;
    return [
      isRepeated ? '' : row.what,
      row.probes.toLocaleString('en'),
      row.floor === undefined ? '' : amount(row.floor, row.unit),
      amount(row.ours, row.unit),
      row.floor === undefined ? '' : comparison(row),
      goal(row),
      { true: 'yes', false: 'NO', undefined: '' }[String(isReached(row))] ?? '',
    ];
  });
  const widths = HEADINGS.map((_, column) =>
    Math.max(...[HEADINGS, ...cells].map((line) => (line[column] ?? '').length)),
  );
  const line = (words: readonly string[]): string =>
    words
      .map((word, column) =>
        column === 0 ? word.padEnd(widths[0] ?? 0) : word.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(HEADINGS), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

function amount(value: number, unit: Row['unit']): string {
  const digits = Number.isInteger(value) ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${unit}`;
}

function comparison(row: Row): string {
  if (row.goal?.of === 'excess') return `+${amount(compared(row) ?? Number.NaN, row.unit)}`;
  return (row.floor === undefined ? Number.NaN : row.ours / row.floor).toFixed(2);
}

function goal({ goal, unit }: Row): string {
  if (goal === undefined) return '';
  if (goal.of === 'ratio') return `<= ${goal.atMost}`;
  return `<= ${goal.of === 'excess' ? '+' : ''}${goal.atMost} ${unit}`;
}
