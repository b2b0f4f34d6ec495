/** One thing wrong with a file. Lines and columns count from 1; `endColumn` is the first column after it. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: 'error' | 'warning';
  /** Stable, for machines: `unknown-key`, `bad-duration`, … */
  readonly code: string;
  /** Where in the document, `jails.web.probes.REBOOT.uid`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The text of the line, of a long one 200 characters around the place; absent where the file as a whole is meant. */
  readonly source?: string;
  /** The column of the first character of `source`, where that is not the beginning of the line. */
  readonly sourceColumn?: number;
}

/** More help nobody; each takes time to be placed, and travels over the control socket. */
const most = 500;

/** All that is wrong, or of very many the first, errors before warnings: an error must never be what is left out. */
export function mostImportant<T extends Pick<Partial<Diagnostic>, 'severity'>>(
  all: readonly T[],
): readonly T[] {
  if (all.length <= most) return all;
  const [errors, warnings] = [false, true].map((mild) =>
    all.filter(({ severity }) => (severity === 'warning') === mild),
  );
  return [...(errors ?? []), ...(warnings ?? [])].slice(0, most);
}
