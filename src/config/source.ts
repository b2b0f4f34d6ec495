import type { Origin } from './config.ts';
import type { Diagnostic } from './diagnostic.ts';

/** A stretch of a text, in UTF-16 units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What a diagnostic says, before it has a place. */
export type Complaint = Pick<Diagnostic, 'code' | 'path' | 'message'> & {
  readonly severity?: Diagnostic['severity'];
  readonly hint?: string | undefined;
};

/** The text of a file, as something to point into. */
export interface Source {
  readonly file: string;
  readonly text: string;
  origin(offset: number): Origin;
  /** A diagnostic at this place. */
  complain(range: Range, complaint: Complaint): Diagnostic;
}

const longestLine = 200;

/** A diagnostic of a file as a whole. */
export function complainOf(file: string, { hint, severity = 'error', ...rest }: Complaint): Diagnostic {
  return { file, line: 1, column: 1, endLine: 1, endColumn: 1, severity, ...rest, ...(hint && { hint }) };
}

/** Wraps a text. Lines are found when first asked for; a column counts characters, as an editor does. */
export function createSource(file: string, text: string): Source {
  const starts: number[] = [];

  const lineOf = (offset: number): number => {
    if (starts.length === 0) {
      for (let start = 0; start >= 0; start = text.indexOf('\n', start) + 1 || -1) starts.push(start);
    }
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  };

  // Places are mostly asked for in the order of the text: on a line of a megabyte it must not be counted from its start.
  let counted = { line: -1, index: 0, column: 1 };

  const origin = (offset: number): Origin => {
    const line = lineOf(offset);
    const from =
      counted.line === line && counted.index <= offset ? counted : { index: starts[line] ?? 0, column: 1 };
    let { index, column } = from;
    for (; index < offset; index++) {
      // The second half of a pair is no character of its own.
      if ((text.charCodeAt(index) & 0xfc00) !== 0xdc00) column++;
    }
    counted = { line, index, column };
    return { file, line: line + 1, column };
  };

  /** Of a long line what stands around the place. */
  const lineText = ({ line, column }: Origin, place: number): Pick<Diagnostic, 'source' | 'sourceColumn'> => {
    const start = starts[line - 1] ?? 0;
    const end = (starts[line] ?? text.length + 1) - 1;
    const from = place - start < longestLine ? start : characterAt(place - longestLine / 4);
    const source = text.slice(from, Math.min(end, from + longestLine)).replace(/\r$/, '');
    if (from === start) return { source };
    return { source, sourceColumn: column - Array.from(text.slice(from, place)).length };
  };

  const characterAt = (index: number): number =>
    (text.charCodeAt(index) & 0xfc00) === 0xdc00 ? index + 1 : index;

  const complain = (range: Range, { hint, severity = 'error', ...rest }: Complaint): Diagnostic => {
    const first = Math.min(range.start, text.length);
    const at = origin(first);
    const { line, column } = at;
    const end = origin(Math.max(first, Math.min(range.end, text.length)));
    return {
      file,
      line,
      column,
      endLine: end.line,
      endColumn: end.column,
      severity,
      ...rest,
      ...(hint && { hint }),
      ...lineText(at, first),
    };
  };

  return { file, text, origin, complain };
}
