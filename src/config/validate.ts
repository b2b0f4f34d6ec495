import { keysOf } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';
import type { Diagnostic } from './diagnostic.ts';
import { nearest } from './nearest.ts';
import type { Path, Tree } from './tree.ts';
import { validate as generated } from './validator.ts';
import { belongsTo, expectation, found, repair } from './words.ts';
import type { SchemaNode } from './words.ts';

/** A finding of the generated validator. */
interface Finding {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema: SchemaNode;
  readonly data: unknown;
  readonly propertyName?: string;
}

/** What the schema says of a file. */
export interface Verdict {
  readonly problems: readonly Diagnostic[];
  /** Whether something at or below a path is wrong, so that it is not looked at any further. */
  wrong(path: Path): boolean;
}

/** After so many the rest of the file is taken for wrong: to put each into words takes time. */
const mostProblems = 500;

const validator = generated as unknown as ((data: unknown) => data is ConfigFile) & {
  errors: Finding[] | null;
};

/** Says of a document what the schema has against it: each mistake once, in words, with its place. */
export function validate(tree: Tree): Verdict {
  const findings = validator(tree.value) ? [] : (validator.errors ?? []);
  const problems: Diagnostic[] = [];
  const seen = new Set<string>();
  const wrongPaths = new Set<string>();
  for (const finding of findings) {
    if (problems.length > mostProblems) break;
    // These only repeat what another finding says of the same place.
    if (finding.keyword === 'if' || finding.keyword === 'propertyNames') continue;
    if (finding.keyword === 'required' && misspelt(finding)) continue;
    const parent = toPath(tree.value, finding.instancePath);
    const { path, part, ...complaint } = explain(finding, parent, tree);
    const name = JSON.stringify(path) + (part === 'key' ? complaint.code : '');
    if (seen.has(name)) continue;
    seen.add(name);
    for (let length = 0; length <= path.length; length++)
      wrongPaths.add(JSON.stringify(path.slice(0, length)));
    problems.push(tree.source.complain(tree.place(path, part), { ...complaint, path: path.join('.') }));
  }
  // The validator keeps them until its next call, with the whole document.
  validator.errors = null;
  const all = problems.length > mostProblems;
  return { problems, wrong: (path) => all || wrongPaths.has(JSON.stringify(path)) };
}

interface Explanation {
  readonly path: Path;
  readonly part: 'key' | 'value';
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

function explain(
  { keyword, params, parentSchema, data, propertyName }: Finding,
  parent: Path,
  tree: Tree,
): Explanation {
  const code = parentSchema['x-code'];
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty']);
    const known = Object.keys(parentSchema.properties ?? {});
    const meant = nearest(key, known);
    const hint = meant === undefined ? belongsTo(key, known) : `did you mean ${JSON.stringify(meant)}?`;
    return {
      path: [...parent, key],
      part: 'key',
      code: 'unknown-key',
      message: `unknown key ${JSON.stringify(key)}`,
      hint,
    };
  }
  if (keyword === 'required') {
    const key = String(params['missingProperty']);
    const hint = key === 'jails' ? noProbes : undefined;
    return {
      path: parent,
      part: 'key',
      code: 'missing-key',
      message: `the key ${JSON.stringify(key)} is missing`,
      hint,
    };
  }
  if (keyword === 'not') {
    const [first, second = ''] = ['pid', 'chroot', 'path'].filter((key) => key in (data as object));
    const message = `a jail is at one place: ${first} and ${second} exclude each other`;
    return { path: [...parent, second], part: 'key', code: 'contradiction', message };
  }
  if (propertyName !== undefined) {
    const message = `expected ${expectation(parentSchema)}, found ${found(propertyName)}`;
    return { path: [...parent, propertyName], part: 'key', code: code ?? 'bad-name', message };
  }
  const range = tree.place(parent, 'value');
  const text = tree.source.text.slice(range.start, range.end);
  const subject = nameOf(parent);
  const long = keyword === 'maxLength' && code === undefined;
  const message = long
    ? `${subject}${found(data)} is too long; ${params['limit']} characters are the most`
    : `${subject}expected ${expectation(parentSchema)}, found ${found(data, text)}`;
  const meant =
    typeof data === 'string' && parentSchema.enum ? nearest(data, parentSchema.enum.map(String)) : undefined;
  const advice = parent.length === 0 ? noProbes : repair(parentSchema, data, text);
  const hint = meant ? `did you mean ${JSON.stringify(meant)}?` : advice;
  return { path: parent, part: 'value', code: code ?? codes[keyword] ?? 'bad-value', message, hint };
}

/** Whether the key that is missing is there under a name that is nearly right, which another finding tells. */
function misspelt({ params, data, instancePath }: Finding): boolean {
  const known: readonly string[] = keysOf[instancePath === '' ? 'the file' : 'a probe'];
  const unknown = Object.keys(data as object).filter((key) => !known.includes(key));
  return unknown.some((key) => nearest(key, known) === params['missingProperty']);
}

const noProbes = 'a file that wants no probes says so: jails: {}';

const codes: Readonly<Record<string, string>> = {
  type: 'wrong-type',
  minimum: 'out-of-range',
  maximum: 'out-of-range',
};

/** `command[2]: `, from a path. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return '';
  return typeof last === 'number' ? `${path.at(-2)}[${last}]: ` : `${last}: `;
}

/** A JSON pointer as a path; what is a number in it can be told only by looking. */
function toPath(value: unknown, pointer: string): Path {
  const path: (string | number)[] = [];
  let at = value;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const step = Array.isArray(at) ? Number(name) : name;
    path.push(step);
    at = (at as Record<string | number, unknown>)[step];
  }
  return path;
}
