import type { ConfigFile, JailEntry } from './config-file.ts';
import { decode } from './decode.ts';
import { mostImportant } from './diagnostic.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Draft, DraftJail, Job } from './draft.ts';
import { place } from './objection.ts';
import { parse } from './parse.ts';
import { checkDraft } from './rules.ts';
import { createSource } from './source.ts';
import type { Budget, Path, Tree } from './tree.ts';
import { validate } from './validate.ts';

/** Reads what one file says. `budget` is what is left of what all files may cost; it is counted down. */
export function createDraft(
  { file, bytes, digest, main }: Job,
  budget: Budget,
): { draft: Draft; tree?: Tree } {
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
  });

  const decoded = decode(file, bytes);
  if ('problem' in decoded) return { draft: broken([decoded.problem]) };
  const parsed = parse(createSource(file, decoded.text), budget);
  const { tree } = parsed;
  if (!tree) return { draft: broken(parsed.problems) };

  const { problems: mistakes, wrong } = validate(tree);
  const problems = [...parsed.problems, ...mistakes];
  const whole = (isMapping(tree.value) ? tree.value : {}) as ConfigFile;
  const sound = <Key extends keyof ConfigFile>(key: Key) => (wrong([key]) ? undefined : whole[key]);
  const draft: Draft = {
    ...broken(problems),
    include: sound('include') ?? [],
    defaults: sound('defaults') ?? {},
    settings: sound('settings') ?? {},
    jails: jailsOf(tree, whole, wrong),
  };
  const objections = mostImportant(checkDraft(draft, whole, main));
  return { draft: { ...draft, problems: [...problems, ...objections.map((one) => place(tree, one))] }, tree };
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
    const { probes: _probes, ...rest } = entry as JailEntry;
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
