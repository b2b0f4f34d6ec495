import type { Diagnostic } from './diagnostic.ts';
import type { Range, Source } from './source.ts';

/** A node of the parser, as far as it matters here. */
export interface Node {
  readonly range?: readonly number[] | null;
  readonly anchor?: string;
}
export interface MapNode extends Node {
  readonly items: readonly { readonly key: unknown; readonly value: unknown }[];
}
export interface ListNode extends Node {
  readonly items: readonly unknown[];
}
export type Classified =
  | { readonly kind: 'map'; readonly node: MapNode }
  | { readonly kind: 'list'; readonly node: ListNode }
  | { readonly kind: 'scalar'; readonly node: Node & { readonly value: unknown } }
  | { readonly kind: 'alias'; readonly node: Node & { readonly source: string } }
  | { readonly kind: 'nothing' };

/** What parsing may still use up, over all files of a load. Counted down. */
export interface Budget {
  tokens: number;
  /** Nodes that aliases and merge keys repeat. */
  repeats: number;
}

/** A text that is YAML, or what is wrong with it; where the rest can be judged all the same, both. */
export type Parsed = { readonly tree?: Tree; readonly problems: readonly Diagnostic[] };

export type Path = readonly (string | number)[];
type Mapping = Record<string, unknown>;

/** One key of a mapping, in the order of the file. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly range: Range;
}

/** Plain data of a document, that knows where each part of it stands. */
export interface Tree {
  readonly source: Source;
  readonly value: unknown;
  /** The keys of a mapping of `value` in the order of the file: an object of JavaScript puts numbers first. */
  entries(mapping: object): Iterable<Entry>;
  /** Where the key, or else the value, of a path stands; what is not there is found at the nearest thing above it. */
  place(path: Path, part: 'key' | 'value'): Range;
}

const rangeOf = (node: Node | null | undefined): Range | undefined =>
  node?.range ? { start: node.range[0] ?? 0, end: node.range[1] ?? 0 } : undefined;

/**
 * Makes plain data of a composed document: aliases followed, merge keys (`<<`) filled in, each key once. Aliases can
 * double a document with each line, so what they repeat is counted.
 */
export function createTree(
  source: Source,
  root: unknown,
  classify: (node: unknown) => Classified,
  budget: Budget,
): Parsed {
  const problems: Diagnostic[] = [];
  /** Of these problems the rest of the file does not suffer. */
  let slips = 0;
  const places = new Map<object, { keys: Map<string, Range>; values: Map<string | number, Range> }>();
  const anchors = new Map<string, unknown>();
  const following = new Set<unknown>();
  let exhausted = false;
  /** The alias or merge key from which everything hangs that is being repeated. */
  let blame: Range | undefined;

  const fail = (range: Range | undefined, code: string, message: string, hint?: string): void => {
    problems.push(source.complain(range ?? { start: 0, end: 0 }, { code, path: '', message, hint }));
  };

  const repeat = (): void => {
    if (--budget.repeats < 0 && !exhausted) {
      exhausted = true;
      fail(blame, 'too-large', 'aliases repeat more than a file of this size needs');
    }
  };

  const follow = (alias: Node & { readonly source: string }): unknown => {
    const target = anchors.get(alias.source);
    if (target === undefined) {
      fail(rangeOf(alias), 'yaml', `nothing above is marked &${alias.source}`);
    } else if (following.has(target)) {
      fail(rangeOf(alias), 'yaml', `*${alias.source} contains itself`);
    } else {
      if (following.size === 0) blame = rangeOf(alias);
      following.add(target);
      const value = convert(target);
      following.delete(target);
      return value;
    }
    return null;
  };

  const convert = (given: unknown): unknown => {
    if (following.size > 0) repeat();
    if (exhausted) return null;
    const found = classify(given);
    if (found.kind === 'nothing') return null;
    if (found.kind === 'alias') return follow(found.node);
    if (found.node.anchor !== undefined) anchors.set(found.node.anchor, given);
    if (found.kind === 'scalar') return found.node.value ?? null;
    return found.kind === 'list' ? convertList(found.node) : convertMap(found.node);
  };

  const convertList = (node: ListNode): unknown[] => {
    const list: unknown[] = [];
    const values = new Map<number, Range>();
    places.set(list, { keys: new Map(), values });
    for (const [index, item] of node.items.entries()) {
      const range = rangeOf(item as Node | null);
      if (range) values.set(index, range);
      list.push(convert(item));
    }
    return list;
  };

  const convertMap = (node: MapNode): Mapping => {
    const mapping: Mapping = {};
    const keys = new Map<string, Range>();
    const values = new Map<string, Range>();
    places.set(mapping, { keys, values });
    const merged: { range: Range; value: unknown }[] = [];
    for (const item of node.items) {
      const name = classify(item.key);
      const range = rangeOf(item.key as Node | null) ?? rangeOf(node) ?? { start: 0, end: 0 };
      if (name.kind !== 'scalar' || typeof name.node.value !== 'string') {
        fail(range, 'yaml', 'a key must be a plain word');
        continue;
      }
      const key = name.node.value;
      if (name.node.anchor !== undefined) anchors.set(name.node.anchor, item.key);
      if (key === '__proto__') {
        slips += 1;
        fail(range, 'bad-name', 'this name cannot be used');
        continue;
      }
      const value = convert(item.value);
      const first = keys.get(key);
      if (first !== undefined) {
        const message = `the key ${JSON.stringify(key)} stands here for the second time`;
        const hint = `the first is on line ${source.origin(first.start).line}; one of them must go`;
        slips += 1;
        fail(range, 'duplicate-key', message, hint);
        continue;
      }
      if (key === '<<') {
        merged.push({ range, value });
        continue;
      }
      keys.set(key, range);
      const place = rangeOf(item.value as Node | null);
      if (place) values.set(key, place);
      mapping[key] = value;
    }
    for (const { range, value } of merged) merge(mapping, value, range);
    return mapping;
  };

  /** A merge key gives what the mapping has not itself; of several the first wins. */
  const merge = (mapping: Mapping, value: unknown, range: Range): void => {
    const own = places.get(mapping);
    for (const from of Array.isArray(value) ? value : [value]) {
      const other = places.get(from as object);
      if (other === undefined || Array.isArray(from)) {
        fail(range, 'yaml', '<< must be followed by a mapping, such as *common');
        return;
      }
      for (const [key, place] of other.keys) {
        if (own === undefined || Object.hasOwn(mapping, key)) continue;
        if (following.size === 0) blame = range;
        repeat();
        if (exhausted) return;
        own.keys.set(key, place);
        const at = other.values.get(key);
        if (at) own.values.set(key, at);
        mapping[key] = (from as Mapping)[key];
      }
    }
  };

  const value = convert(root);
  if (problems.length > slips) return { problems };

  const whole = rangeOf(root as Node | null) ?? { start: 0, end: 0 };
  const place = (path: Path, part: 'key' | 'value'): Range => {
    let at = value;
    let range: Range = { start: whole.start, end: whole.start };
    for (const [index, step] of path.entries()) {
      if (typeof at !== 'object' || at === null) break;
      const known = places.get(at);
      const next = (at as Mapping)[step];
      const key = known?.keys.get(String(step));
      const here = known?.values.get(step);
      // A mapping or list that goes over several lines is best shown by its key.
      const last = index === path.length - 1;
      const simple = typeof next !== 'object' || Array.isArray(at);
      range = (last && part === 'value' && simple ? (here ?? key) : (key ?? here)) ?? range;
      at = next;
    }
    return range;
  };
  const entries = (mapping: object): Iterable<Entry> =>
    Array.from(places.get(mapping)?.keys ?? [], ([key, range]) => ({
      key,
      range,
      value: (mapping as Mapping)[key],
    }));
  return { tree: { source, value, entries, place }, problems };
}
