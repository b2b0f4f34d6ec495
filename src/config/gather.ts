import type { Diagnostic } from './diagnostic.ts';
import { createDraft } from './draft.ts';
import type { Draft } from './draft.ts';
import { expand } from './include.ts';
import { parseLimits } from './parse.ts';
import { read } from './read.ts';
import type { Reading } from './read.ts';
import { complainOf } from './source.ts';
import type { Fault } from './trust.ts';

/** Whom to trust. */
export interface Trust {
  /** The daemon's uid: besides root the only one who may own what is read. */
  readonly owner: number;
  /** What others could change is a warning: for `check` by another user. */
  readonly lenient: boolean;
}

/** The main file and its includes, each as it stands. */
export interface Gathered {
  readonly main: Draft | undefined;
  /** Each file once, the main file first, then the includes in order. */
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly problems: readonly Diagnostic[];
  /** All that a change of which may change what is read: files, patterns of includes, directories, symlinks. */
  readonly involved: readonly string[];
}

/** Reads the main file and what it includes. A file whose digest is that of its known draft is not parsed again. */
export async function gather(
  file: string,
  known: ReadonlyMap<string, Draft>,
  trust: Trust,
): Promise<Gathered> {
  const drafts = new Map<string, Draft>();
  const problems: Diagnostic[] = [];
  const involved = new Set<string>();
  const blamed = new Set<string>();
  const budget = { ...parseLimits };

  const blame = (of: string, faults: readonly Fault[]): void => {
    for (const { path, why, hint } of faults) {
      // A directory is on the way of many files, and told of once.
      if (blamed.has(path)) continue;
      blamed.add(path);
      const severity = trust.lenient ? 'warning' : 'error';
      problems.push(
        complainOf(of, { code: 'untrusted', severity, path: '', message: `${path} ${why}`, hint }),
      );
    }
  };

  const take = (name: string, { content, faults, involved: touched }: Reading): Draft | undefined => {
    for (const path of touched) involved.add(path);
    blame(name, faults);
    if (content === undefined) return undefined;
    const before = known.get(name);
    const draft =
      before?.digest === content.digest
        ? before
        : createDraft(name, content.bytes, content.digest, name === file, budget);
    if (draft === before) {
      budget.tokens -= draft.cost.tokens;
      budget.repeats -= draft.cost.repeats;
    }
    drafts.set(name, draft);
    return draft;
  };

  const reading = await read(file, trust.owner);
  const main = take(file, reading);
  if (main === undefined) {
    const message = `${file} ${reading.why}`;
    problems.push(complainOf(file, { code: 'unreadable', path: '', message }));
  }
  for (const [index, pattern] of (main?.include ?? []).entries()) {
    const inclusion = expand(pattern, file, trust.owner);
    for (const path of inclusion.involved) involved.add(path);
    blame(file, inclusion.faults);
    const complain = (why: string): void => {
      const message = `${JSON.stringify(pattern)} ${why}`;
      const one = main?.complain(['include', index], 'value', { code: 'bad-include', message });
      if (one) problems.push(one);
    };
    if (inclusion.why !== undefined) complain(inclusion.why);
    for (const name of inclusion.files) {
      if (name === file || drafts.has(name)) continue;
      const included = await read(name, trust.owner);
      if (take(name, included) !== undefined) continue;
      complain(
        name === inclusion.files[0] && inclusion.files.length === 1
          ? `${included.why}`
          : `: ${name} ${included.why}`,
      );
    }
  }
  return { main, drafts, problems, involved: [...involved] };
}
