import type { Result } from './file.ts';

/** A file that had failed and was run once more, alone. */
export interface Tries {
  readonly name: string;
  readonly again: Result;
}

/** A file, or a check, in a line. */
export function line({ name, passed, failed, skipped, seconds }: Result): string {
  const mark = failed > 0 ? 'FAIL' : 'ok  ';
  return `${mark}  ${name.padEnd(44)} ${counts(passed, failed, skipped).padEnd(30)} ${seconds.toFixed(1).padStart(6)} s`;
}

/** What a reader wants to know before the sum: what each failure was, what was skipped, what is late at times, what is missing. */
export function tellEnd(
  results: readonly Result[],
  twice: readonly Tries[],
  notRun: readonly string[],
): string {
  const failed = results.filter(({ failed }) => failed > 0);
  const parts = failed.map(({ name, output }) => `=== ${name}\n${output.trim()}`);
  const list = (what: string, rows: readonly string[]): void => {
    if (rows.length > 0) parts.push(`${what}:\n  ${rows.join('\n  ')}`);
  };
  list(
    'skipped by name',
    results.flatMap(({ name, skips }) => skips.map((skip) => `${name}: ${skip}`)),
  );
  list('not run', notRun);
  list(
    'failed once, and passed when run again alone',
    twice.filter(({ again }) => again.failed === 0).map(({ name }) => name),
  );
  const again = new Set(twice.map(({ name }) => name));
  list(
    'failed',
    failed.map(({ name }) => (again.has(name) ? `${name}, twice` : name)),
  );
  return parts.map((part) => `\n${part}`).join('\n');
}

/** The last line of a run. */
export function sum(results: readonly Result[]): string {
  const of = (key: 'passed' | 'failed' | 'skipped'): number =>
    results.reduce((sum, result) => sum + result[key], 0);
  return `${of('passed')} passed, ${of('failed')} failed${of('skipped') === 0 ? '' : `, ${of('skipped')} skipped`}`;
}

function counts(passed: number, failed: number, skipped: number): string {
  const all = [`${passed} passed`];
  if (failed > 0) all.push(`${failed} failed`);
  if (skipped > 0) all.push(`${skipped} skipped`);
  return all.join(', ');
}
