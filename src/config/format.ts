import type { Diagnostic } from './diagnostic.ts';

// C0, DEL, C1, and what turns the direction of a text around.
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A text of a file or a name as a terminal may have it: nothing in it is obeyed. */
export function escapeText(text: string): string {
  return text.replaceAll(unsafe, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

/**
 * Diagnostics for people:
 *
 *     jaildaemon.yml:7:9: error: unknown key "comand"
 *       7 |         comand: reboot
 *         |         ^^^^^^
 *         = did you mean "command"?
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[]): string {
  if (diagnostics.length === 0) return '';
  return `${diagnostics.map(formatDiagnostic).join('')}${formatCount(diagnostics)}\n`;
}

function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, message, hint, source, sourceColumn = 1 } = diagnostic;
  const lines = [`${escapeText(file)}:${line}:${column}: ${severity}: ${escapeText(message)}`];
  const number = `  ${line} `;
  const margin = ' '.repeat(number.length);
  if (source !== undefined && source.trim() !== '') {
    // One character each, so that the caret stays under its word.
    const text = source.replaceAll('\t', ' ').replaceAll(unsafe, '?');
    const shown = sourceColumn > 1 ? `…${text}` : text;
    lines.push(`${number}| ${shown}`);
    const before = sourceColumn > 1 ? sourceColumn - 2 : 0;
    const mark = underline(diagnostic, Array.from(shown).length, before);
    if (mark) lines.push(`${margin}| ${mark}`);
  }
  if (hint !== undefined) lines.push(`${margin}= ${escapeText(hint)}`);
  return lines.map((text) => `${text}\n`).join('');
}

/** Carets under the part of the line that is meant. @param before so many columns of the line are not shown */
function underline({ line, column, endLine, endColumn }: Diagnostic, length: number, before: number): string {
  const start = column - before;
  if (start > length + 1) return '';
  const end = endLine > line ? length + 1 : Math.min(endColumn - before, length + 1);
  return ' '.repeat(start - 1) + '^'.repeat(Math.max(1, end - start));
}

/** `2 errors, 1 warning.` */
export function formatCount(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const counts = [count(errors, 'error'), count(diagnostics.length - errors, 'warning')];
  return `${counts.filter(Boolean).join(', ')}.`;
}

const count = (number: number, word: string): string =>
  number === 0 ? '' : `${number} ${word}${number === 1 ? '' : 's'}`;
