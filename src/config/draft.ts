import type { ConfigFile, Defaults, JailEntry, ProbeEntry, SettingsEntry } from './config-file.ts';
import type { Origin } from './config.ts';
import { decode } from './decode.ts';
import type { Diagnostic } from './diagnostic.ts';
import { parse, parseLimits } from './parse.ts';
import { checkDraft } from './rules.ts';
import { createSource } from './source.ts';
import type { Complaint } from './source.ts';
import type { Budget, Path, Tree } from './tree.ts';
import { validate } from './validate.ts';

/** One file as it stands, before defaults and other files are known. Kept for as long as the file does not change. */
export interface Draft {
  readonly file: string;
  readonly digest: string;
  readonly problems: readonly Diagnostic[];
  /** Of the budget of all files. */
  readonly cost: Readonly<Budget>;
  readonly include: readonly string[];
  readonly defaults: Defaults;
  readonly settings: SettingsEntry;
  /** Without the keys in which something is wrong, so that the rest can be judged all the same. */
  readonly jails: readonly DraftJail[];
  /** A diagnostic at the key or the value of a path of this file. */
  complain(path: Path, part: 'key' | 'value', complaint: Omit<Complaint, 'path'>): Diagnostic;
}

export interface DraftJail {
  readonly name: string;
  readonly origin: Origin;
  readonly entry: Omit<JailEntry, 'probes'>;
  readonly probes: readonly DraftProbe[];
}

export interface DraftProbe {
  readonly key: string;
  readonly origin: Origin;
  readonly entry: ProbeEntry;
}

/** Reads what one file says. `budget` is what is left of what all files may cost; it is counted down. */
export function createDraft(
  file: string,
  bytes: Buffer,
  digest: string,
  main: boolean,
  budget: Budget,
): Draft {
  const before = { ...budget };
  const broken = (problems: readonly Diagnostic[]): Draft => ({
    file,
    digest,
    problems,
    cost: { tokens: before.tokens - budget.tokens, repeats: before.repeats - budget.repeats },
    include: [],
    defaults: {},
    settings: {},
    jails: [],
    complain: () => {
      throw new Error('Internal error: a file that could not be parsed has no paths');
    },
  });

  const decoded = decode(file, bytes);
  if ('problem' in decoded) return broken([decoded.problem]);
  const source = createSource(file, decoded.text);
  const parsed = parse(source, budget);
  if ('problems' in parsed) return broken(parsed.problems);

  // The tree is many times the size of the text and hardly ever needed again: it is made anew when it is.
  let kept = new WeakRef(parsed.tree);
  const tree = (): Tree => {
    const held = kept.deref();
    if (held) return held;
    const again = parse(source, { ...parseLimits });
    if ('problems' in again)
      throw new Error('Internal error: a text that could be parsed cannot be parsed again');
    kept = new WeakRef(again.tree);
    return again.tree;
  };

  const { problems, wrong } = validate(parsed.tree);
  const whole = (
    wrong([]) && typeof parsed.tree.value !== 'object' ? {} : (parsed.tree.value ?? {})
  ) as ConfigFile;
  const draft: Draft = {
    ...broken(problems),
    include: wrong(['include']) ? [] : (whole.include ?? []),
    defaults: wrong(['defaults']) ? {} : (whole.defaults ?? {}),
    settings: wrong(['settings']) ? {} : (whole.settings ?? {}),
    jails: jailsOf(parsed.tree, whole, wrong),
    complain: (path, part, complaint) =>
      source.complain(tree().place(path, part), { ...complaint, path: path.join('.') }),
  };
  return { ...draft, problems: [...problems, ...checkDraft(draft, whole, main)] };
}

/** The jails and probes in the order of the file, without the keys in which something is wrong. */
function jailsOf(tree: Tree, { jails }: ConfigFile, wrong: (path: Path) => boolean): DraftJail[] {
  const own = (value: unknown, path: Path) =>
    Array.from(isMapping(value) ? tree.entries(value) : [])
      .filter(({ key, value }) => !key.startsWith('x-') && isMapping(value))
      .map(({ key, value, range }) => ({
        key,
        origin: tree.source.origin(range.start),
        entry: soundPart(value as object, [...path, key], wrong),
        value: value as object,
      }));
  return own(jails, ['jails']).map(({ key: name, origin, entry, value }) => {
    const { probes: _, ...rest } = entry as JailEntry;
    const probes = own((value as JailEntry).probes, ['jails', name, 'probes']);
    return {
      name,
      origin,
      entry: rest,
      probes: probes.map(({ key, origin, entry }) => ({ key, origin, entry })),
    };
  });
}

function soundPart(entry: object, path: Path, wrong: (path: Path) => boolean): object {
  if (!wrong(path)) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !wrong([...path, key])));
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
