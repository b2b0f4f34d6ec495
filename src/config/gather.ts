import type { RemoteDrafting } from './apart.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Draft, Job } from './draft.ts';
import type { Objection } from './objection.ts';
import { expand } from './include.ts';
import { parseLimits } from './limits.ts';
import { read } from './read.ts';
import { complainOf } from './source.ts';
import type { Fault } from './trust.ts';

/** Whom to trust. */
export interface Trust {
  /** The daemon's uid: besides root the only one who may own what is read. */
  readonly owner: number;
  /** What others could change is a warning: for `check` by another user. */
  readonly lenient: boolean;
}

/** A draft, and what it was made of. */
export interface Sheet {
  readonly draft: Draft;
  readonly bytes: Uint8Array;
}

/** The main file and its includes, each as it stands. */
export interface Gathered {
  readonly main: Draft | undefined;
  /** Each file once, the main file first, then the includes in order. */
  readonly sheets: ReadonlyMap<string, Sheet>;
  readonly problems: readonly Diagnostic[];
  readonly objections: readonly Objection[];
  /** All that a change of which may change what is read: files, patterns of includes, directories, symlinks. */
  readonly involved: readonly string[];
}

/** Reads the main file and what it includes. A file whose digest is that of its known draft is not parsed again. */
export async function gather(
  file: string,
  known: ReadonlyMap<string, Sheet>,
  { owner, lenient }: Trust,
  drafting: RemoteDrafting,
): Promise<Gathered> {
  const sheets = new Map<string, Sheet>();
  const problems: Diagnostic[] = [];
  const objections: Objection[] = [];
  const involved = new Set<string>();
  const blamed = new Set<string>();

  const note = (of: string, touched: readonly string[], faults: readonly Fault[]): void => {
    for (const path of touched) involved.add(path);
    for (const { path, why, hint } of faults) {
      // A directory is on the way of many files, and told of once.
      if (blamed.has(path)) continue;
      blamed.add(path);
      const severity = lenient ? 'warning' : 'error';
      problems.push(
        complainOf(of, { code: 'untrusted', severity, path: '', message: `${path} ${why}`, hint }),
      );
    }
  };

  /** Reads one file. Comes to why that was not possible, if it was not. */
  const take = async (name: string): Promise<Job | { readonly why: string }> => {
    const { content, why, faults, involved: touched } = await read(name, owner);
    note(name, touched, faults);
    return content ? { file: name, main: name === file, ...content } : { why: why ?? '' };
  };

  const draftAll = async (jobs: readonly Job[]): Promise<void> => {
    const kept = jobs.flatMap(({ file, digest }) => {
      const before = known.get(file)?.draft;
      return before?.digest === digest ? [before] : [];
    });
    const budget = { ...parseLimits };
    for (const { cost } of [...Array.from(sheets.values(), ({ draft }) => draft), ...kept]) {
      budget.tokens -= cost.tokens;
      budget.repeats -= cost.repeats;
    }
    const before = new Map(kept.map((draft) => [draft.file, draft]));
    const changed = jobs.filter((job) => !before.has(job.file));
    const made = changed.length > 0 ? await drafting.draft(changed, budget) : [];
    const after = new Map(made.map((draft) => [draft.file, draft]));
    for (const { file, bytes } of jobs) {
      const draft = before.get(file) ?? after.get(file);
      if (draft) sheets.set(file, { draft, bytes });
    }
  };

  const first = await take(file);
  if ('why' in first) {
    problems.push(complainOf(file, { code: 'unreadable', path: '', message: `${file} ${first.why}` }));
  } else {
    await draftAll([first]);
  }

  const main = sheets.get(file)?.draft;
  const jobs = new Map<string, Job>();
  for (const [index, pattern] of (main?.include ?? []).entries()) {
    const object = (message: string): void => {
      objections.push({ file, path: ['include', index], part: 'value', code: 'bad-include', message });
    };
    const inclusion = expand(pattern, file, owner);
    note(file, inclusion.involved, inclusion.faults);
    if (inclusion.why !== undefined) object(`${JSON.stringify(pattern)} ${inclusion.why}`);
    for (const name of inclusion.files) {
      if (name === file || jobs.has(name)) continue;
      const job = await take(name);
      if ('why' in job) object(`${name} ${job.why}`);
      else jobs.set(name, job);
    }
  }
  await draftAll([...jobs.values()]);
  return { main, sheets, problems, objections, involved: [...involved] };
}
