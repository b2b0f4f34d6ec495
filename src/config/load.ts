import { createHash } from 'node:crypto';
import { resolve as absolute } from 'node:path';
import type { Config } from './config.ts';
import { findConflicts } from './conflicts.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Draft } from './draft.ts';
import { gather } from './gather.ts';
import type { Gathered, Trust } from './gather.ts';
import { findMissingPrograms } from './programs.ts';
import { resolve, resolveSettings, usersOf } from './resolve.ts';
import type { Resolved } from './resolve.ts';
import { lookUp } from './users.ts';
import type { Lookup } from './users.ts';

/** What loading the file and its includes came to. */
export type LoadResult = Loaded | Refused;

export interface Loaded {
  readonly ok: true;
  /** The very same object as long as nothing has changed. */
  readonly config: Config;
  readonly warnings: readonly Diagnostic[];
  /** Of the names and contents of all files, and of the users they name. */
  readonly digest: string;
  /** What to watch, for watch.ts: files, patterns of includes, their directories, symlinks on the way. */
  readonly involved: readonly string[];
}

export interface Refused {
  readonly ok: false;
  /** Errors and warnings, file by file. */
  readonly diagnostics: readonly Diagnostic[];
  readonly involved: readonly string[];
}

/** Loads one configuration again and again, and does only what changes make necessary. */
export interface Loader {
  load(): Promise<LoadResult>;
}

/** More help nobody, and travel over the control socket. */
const mostDiagnostics = 500;

/** How a loader judges. */
export interface LoaderOptions extends Trust {
  /** Also warn of commands whose program is missing now; for `check`, where nothing is remembered. */
  readonly programs?: boolean;
}

/** One loader belongs to one daemon: it remembers each file by its digest, and what came of it. */
export function createLoader(path: string, options: LoaderOptions): Loader {
  const file = absolute(path);
  const resolved = new WeakMap<Draft, { readonly setting: string; readonly result: Resolved }>();
  let drafts: ReadonlyMap<string, Draft> = new Map();
  let last: Loaded | undefined;

  const resolveOnce = (
    draft: Draft,
    setting: string,
    main: Draft | undefined,
    users: ReadonlyMap<string, Lookup>,
  ) => {
    const before = resolved.get(draft);
    if (before?.setting === setting) return before.result;
    const result = resolve(draft, main?.defaults ?? {}, users);
    resolved.set(draft, { setting, result });
    return result;
  };

  const load = async (): Promise<LoadResult> => {
    const gathered = await gather(file, drafts, options);
    const { main, involved } = gathered;
    const all = [...gathered.drafts.values()];
    const users = await lookUp([main?.defaults.run_as ?? [], ...all.map(usersOf)].flat());
    const setting = JSON.stringify([main?.defaults, [...users]]);
    const digest = digestOf([setting, ...all.flatMap((draft) => [draft.file, draft.digest])]);
    if (last?.digest === digest && !gathered.problems.some(isError)) return (last = { ...last, involved });

    const results = all.map((draft) => resolveOnce(draft, setting, main, users));
    const jails = results.flatMap((result) => result.jails);
    const diagnostics = inOrder(gathered, [
      ...gathered.problems,
      ...all.flatMap((draft) => draft.problems),
      ...results.flatMap((result) => result.problems),
      ...checkDefaultUser(main, users),
      ...findConflicts(jails, gathered.drafts),
      ...(options.programs ? all.flatMap(findMissingPrograms) : []),
    ]);
    if (diagnostics.some(isError)) {
      // A main file that cannot be read names no includes: what is known of them stays known.
      drafts = new Map([...drafts, ...gathered.drafts]);
      return { ok: false, diagnostics, involved };
    }
    drafts = gathered.drafts;
    const config = { settings: resolveSettings(main?.settings ?? {}), jails };
    return (last = { ok: true, config, warnings: diagnostics, digest, involved });
  };
  return { load };
}

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function checkDefaultUser(main: Draft | undefined, users: ReadonlyMap<string, Lookup>): Diagnostic[] {
  const name = main?.defaults.run_as;
  const user = name === undefined ? undefined : users.get(name);
  if (main === undefined || user === undefined || !('unknown' in user)) return [];
  const message = `this host has no user ${JSON.stringify(name)}`;
  return [main.complain(['defaults', 'run_as'], 'value', { code: 'unknown-user', message, hint: user.hint })];
}

function inOrder({ drafts }: Gathered, diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = new Map([...drafts.keys()].map((name, index) => [name, index]));
  const rank = ({ file }: Diagnostic): number => files.get(file) ?? -1;
  const sorted = [...diagnostics].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
  return sorted.slice(0, mostDiagnostics);
}
