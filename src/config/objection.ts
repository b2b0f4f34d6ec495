import type { Diagnostic } from './diagnostic.ts';
import type { Path, Tree } from './tree.ts';

/** Something that is said against the key or the value of a path, whose place in the file has still to be found. */
export interface Objection {
  readonly file: string;
  readonly path: Path;
  readonly part: 'key' | 'value';
  readonly code: string;
  readonly severity?: Diagnostic['severity'];
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Gives an objection its place. */
export function place({ source, place: find }: Tree, { path, part, ...objection }: Objection): Diagnostic {
  const { file: _file, ...complaint } = objection;
  return source.complain(find(path, part), { ...complaint, path: path.join('.') });
}
