import { createHash } from 'node:crypto';
import { resolve as absolute } from 'node:path';
import { createApart, createHere } from './apart.ts';
import type { RemoteDrafting } from './apart.ts';
import { findUntrustedCommands } from './command-trust.ts';
import type { Defaults } from './config-file.ts';
import type { Config } from './config.ts';
import { findConflicts } from './conflicts.ts';
import { mostImportant } from './diagnostic.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Draft } from './draft.ts';
import type { Objection } from './objection.ts';
import { findEnclosed } from './enclosed.ts';
import type { Precious } from './enclosed.ts';
import { gather } from './gather.ts';
import type { Gathered, Sheet, Trust } from './gather.ts';
import { findMissingPrograms } from './programs.ts';
import { findUnfitRoots } from './root-way.ts';
import { resolve, resolveSettings, usersOf } from './resolve.ts';
import type { Resolved } from './resolve.ts';
import { complainOf } from './source.ts';
import { findUnwiseTitles } from './titles.ts';
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

/** How a loader judges and works. */
export interface LoaderOptions extends Trust {
  /** Also warn of commands whose program is missing now; for `check`, where nothing is remembered. */
  readonly programs?: boolean;
  /** The daemon's own files, which must not lie in a jail. */
  readonly own?: readonly Precious[];
  /** Parse in this thread: for a command that ends anyway. */
  readonly here?: boolean;
}

/** One loader belongs to one daemon: it remembers each file by its digest, and what came of it. */
export function createLoader(path: string, options: LoaderOptions): Loader {
  const file = absolute(path);
  const resolved = new WeakMap<Draft, { readonly setting: string; readonly result: Resolved }>();
  let sheets: ReadonlyMap<string, Sheet> = new Map();
  let last: Loaded | undefined;

  const resolveOnce = (draft: Draft, setting: string, defaults: Defaults, users: Users): Resolved => {
    const before = resolved.get(draft);
    if (before?.setting === setting) return before.result;
    const result = resolve(draft, defaults, users);
    resolved.set(draft, { setting, result });
    return result;
  };

  const loadWith = async (drafting: RemoteDrafting): Promise<LoadResult> => {
    const gathered = await gather(file, sheets, options, drafting);
    const { main, involved } = gathered;
    const defaults = main?.defaults ?? {};
    const drafts = Array.from(gathered.sheets.values(), ({ draft }) => draft);
    const users = await lookUp([defaults.run_as ?? [], ...drafts.map(usersOf)].flat());
    const setting = JSON.stringify([defaults, [...users]]);
    const digest = digestOf([setting, ...drafts.flatMap((draft) => [draft.file, draft.digest])]);
    const sound = gathered.objections.length === 0 && !gathered.problems.some(isError);
    const known = last?.digest === digest && sound ? last : undefined;
    const results = known ? [] : drafts.map((draft) => resolveOnce(draft, setting, defaults, users));
    const jails = known?.config.jails ?? results.flatMap((result) => result.jails);
    // Whose the programs are can change while the files stay as they are.
    const dangers = [
      ...findUntrustedCommands(jails, options),
      ...findEnclosed(jails, ownFiles(gathered, options)),
    ];
    if (known && dangers.length === 0) return (last = { ...known, involved });

    const objections = mostImportant([
      ...gathered.objections,
      ...results.flatMap((result) => result.objections),
      ...checkDefaultUser(file, defaults, users),
      ...findConflicts(jails),
      ...dangers,
      ...findUnwiseTitles(jails),
      ...(options.programs ? drafts.flatMap(findMissingPrograms) : []),
      ...(options.programs ? drafts.flatMap((draft) => findUnfitRoots(draft, options.owner)) : []),
    ]);
    const diagnostics = inOrder(gathered, [
      ...gathered.problems,
      ...drafts.flatMap((draft) => draft.problems),
      ...(await placeAll(drafting, gathered, objections)),
    ]);
    if (diagnostics.some(isError)) {
      // A main file that cannot be read names no includes: what is known of them stays known.
      sheets = new Map([...sheets, ...gathered.sheets]);
      return { ok: false, diagnostics, involved };
    }
    sheets = gathered.sheets;
    const config = { settings: resolveSettings(main?.settings ?? {}), jails };
    return (last = { ok: true, config, warnings: diagnostics, digest, involved });
  };

  const loadBy = async (create: () => RemoteDrafting): Promise<LoadResult> => {
    const drafting = create();
    try {
      return await loadWith(drafting);
    } finally {
      await drafting.close();
    }
  };

  const load = async (): Promise<LoadResult> => {
    if (options.here) return loadBy(createHere);
    try {
      return await loadBy(createApart);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
        const message = 'to parse these files takes more memory than it may';
        const diagnostic = complainOf(file, { code: 'too-large', path: '', message });
        return { ok: false, diagnostics: [diagnostic], involved: last?.involved ?? [file] };
      }
      // No threads to be had: then the loop has to stand still for a moment.
      return loadBy(createHere);
    }
  };
  return { load };
}

type Users = ReadonlyMap<string, Lookup>;

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function ownFiles({ sheets }: Gathered, { own = [] }: LoaderOptions): Precious[] {
  return [...Array.from(sheets.keys(), (path) => ({ what: 'the configuration', path })), ...own];
}

function checkDefaultUser(file: string, { run_as: name }: Defaults, users: Users): Objection[] {
  const user = name === undefined ? undefined : users.get(name);
  if (user === undefined || !('unknown' in user)) return [];
  const message = `this host has no user ${JSON.stringify(name)}`;
  return [
    { file, path: ['defaults', 'run_as'], part: 'value', code: 'unknown-user', message, hint: user.hint },
  ];
}

async function placeAll(drafting: RemoteDrafting, { sheets }: Gathered, objections: readonly Objection[]) {
  if (objections.length === 0) return [];
  const names = new Set(objections.map(({ file }) => file));
  const files = Array.from(names, (file) => ({ file, bytes: sheets.get(file)?.bytes ?? new Uint8Array() }));
  return drafting.place(files, objections);
}

function inOrder({ sheets }: Gathered, diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = new Map(Array.from(sheets.keys(), (name, index) => [name, index]));
  const rank = ({ file }: Diagnostic): number => files.get(file) ?? -1;
  return [...mostImportant(diagnostics)].sort(
    (a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column,
  );
}
