import type { Diagnostic } from '../config/diagnostic.ts';
import type { Complaint } from '../control/protocol.ts';
import { printable, printableJson } from '../printable.ts';

/** A table for people: columns as wide as their longest cell, the last one as long as it is. Text of jails is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => printable(cell)));
  const widths = head.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}

/** `2026-11-22T03:14:15.926Z` → the local time of day, with the date when it is not today. */
export function localTime(stamp: string, now: Date = new Date()): string {
  const time = new Date(stamp);
  const two = (number: number): string => String(number).padStart(2, '0');
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return time.toDateString() === now.toDateString() ? clock : `${date} ${clock}`;
}

/** `90061` → `1m30s`; below a second in ms. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor((ms % 60_000) / 1000);
  return minutes < 60 ? `${minutes}m${seconds}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}

/** What became of a trigger, in a word or three. */
export function outcome(entry: {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly fate?: string;
  readonly stage?: string;
  readonly errno?: string;
  readonly timedOut?: true;
  readonly folded?: number;
  readonly running?: true;
}): string {
  const more = entry.folded === undefined ? '' : ` (${entry.folded + 1} HUPs)`;
  const late = `${entry.timedOut ? ' (timed out)' : ''}${more}`;
  if (entry.running || entry.fate === 'running') return 'running';
  if (entry.fate === 'failed') return `failed: ${entry.stage ?? ''} ${entry.errno ?? ''}`.trimEnd();
  if (entry.fate !== undefined) return entry.fate;
  if (entry.signal !== undefined) return `${entry.signal}${late}`;
  if (entry.exitCode === 0) return `ok${late}`;
  return `exit ${entry.exitCode ?? '?'}${late}`;
}

/** Prints to stdout, and waits until it is out: 10,000 rows into a pipe must not be cut by the exit. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => {
      // What an error means is said where the program begins.
      if (!error) resolve();
    });
  });
}

/** One JSON object, or one of a stream: always a line. */
export function printJson(value: unknown): Promise<void> {
  return print(`${printableJson(value)}\n`);
}

/** For programs: the line itself is for people, a program has the file. */
export function withoutSource({
  source: _source,
  sourceColumn: _column,
  ...rest
}: Diagnostic): Omit<Diagnostic, 'source' | 'sourceColumn'> {
  return rest;
}

/** What and why, and what to do next: what a path or a file has put into it is made safe for a terminal. */
export function complaintText({ message, hint }: Complaint): string {
  return `jaildaemon: ${printable(message)}\n${hint === undefined ? '' : `  ${printable(hint)}\n`}`;
}
