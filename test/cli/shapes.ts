/** What `--json` promises, as a checker: every field is known, of its type, and absent rather than null. */
export type Shape = (value: unknown, at: string) => void;

const fail = (at: string, what: string, value: unknown): never => {
  throw new Error(`${at}: ${what}, found ${JSON.stringify(value)}`);
};
const test =
  (what: string, holds: (value: unknown) => boolean): Shape =>
  (value, at) => {
    if (!holds(value)) fail(at, `expected ${what}`, value);
  };

export const text = test('a text', (value) => typeof value === 'string' && value !== '');
export const count = test('a whole number from 0', (value) => Number.isInteger(value) && Number(value) >= 0);
export const flag = test('true or false', (value) => typeof value === 'boolean');
/** RFC 3339 with milliseconds, in UTC. */
export const time = test('a time', (value) =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) &&
  Date.parse(value) > 1e12);
export const runId = test('a trigger’s id', (value) =>
  /^[0-9a-f]{8}-\d+$/.test(String(value)) && typeof value === 'string');
export const literal = (wanted: unknown): Shape => test(JSON.stringify(wanted), (value) => value === wanted);
export const oneOf = (...words: string[]): Shape =>
  test(words.join(' or '), (value) => words.includes(String(value)));

export const list =
  (each: Shape): Shape =>
  (value, at) => {
    if (!Array.isArray(value)) return fail(at, 'expected a list', value);
    value.forEach((one, index) => each(one, `${at}[${index}]`));
  };

export const either =
  (...shapes: Shape[]): Shape =>
  (value, at) => {
    const faults: string[] = [];
    for (const shape of shapes) {
      try {
        return shape(value, at);
      } catch (error) {
        faults.push(String(error));
      }
    }
    fail(at, faults.join('; '), value);
  };

/** The names of all fields of all objects below: what the manual must name. */
export const promised = new Set<string>();

/** An object with these fields and no others; a name that ends in `?` may be absent. */
export const object = (fields: Record<string, Shape>): Shape => {
  for (const name of Object.keys(fields)) promised.add(name.replace('?', ''));
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return fail(at, 'expected an object', value);
    const found = value as Record<string, unknown>;
    const known = new Set(Object.keys(fields).map((name) => name.replace('?', '')));
    for (const name of Object.keys(found))
      if (!known.has(name)) fail(`${at}.${name}`, 'is not promised', found[name]);
    for (const [name, shape] of Object.entries(fields)) {
      const bare = name.replace('?', '');
      if (bare in found) shape(found[bare], `${at}.${bare}`);
      else if (bare === name) fail(at, `"${name}" is missing`, value);
    }
  };
};

export const diagnostic = object({
  file: text,
  line: count,
  column: count,
  endLine: count,
  endColumn: count,
  severity: oneOf('error', 'warning'),
  code: text,
  path: test('a text', (value) => typeof value === 'string'),
  message: text,
  'hint?': text,
});

/** How a trigger ended, or that it has not yet. */
const ending = {
  'exitCode?': count,
  'signal?': test('a signal', (value) => /^SIG[A-Z0-9]+$/.test(String(value))),
  'fate?': oneOf('queued', 'running', 'failed', 'unknown'),
  'stage?': text,
  'errno?': test('an errno', (value) => /^E[A-Z0-9]+$/.test(String(value))),
  'timedOut?': literal(true),
};

const keeper = object({
  pid: count,
  startedAt: time,
  version: count,
  epoch: text,
  'state?': literal('stopped'),
});

export const status = object({
  version: literal(1),
  daemon: object({ pid: count, version: text, startedAt: time }),
  'keeper?': either(keeper, object({ 'pid?': count, epoch: text, state: oneOf('stopped', 'silent') })),
  'leaving?': list(keeper),
  config: object({
    file: text,
    generation: count,
    loadedAt: time,
    'error?': object({ at: time, diagnostics: list(diagnostic) }),
    'warnings?': list(diagnostic),
  }),
  'history?': object({ error: text }),
  probes: list(
    object({
      id: text,
      jail: text,
      'instance?': text,
      'jid?': count,
      title: text,
      'shownTitle?': text,
      uid: count,
      respawn: oneOf('never', 'after', 'immediately'),
      state: oneOf('waiting', 'armed', 'running', 'cooling', 'spent', 'failed'),
      'pid?': count,
      'jailPid?': count,
      since: time,
      origin: either(object({ file: text, line: count }), literal('ad-hoc')),
      runs: count,
      'reason?': text,
      'description?': text,
      'until?': time,
      'last?': object({ id: runId, firedAt: time, 'running?': literal(true), 'folded?': count, ...ending }),
    }),
  ),
});

export const check = object({ version: literal(1), ok: flag, diagnostics: list(diagnostic) });

const action = oneOf('keep', 'update', 'replace', 'arm', 'disarm', 'wait');
export const plan = object({
  version: literal(1),
  generation: count,
  ok: flag,
  'since?': time,
  changes: list(
    object({
      action,
      id: text,
      jail: text,
      title: text,
      'pid?': count,
      'newPid?': count,
      'why?': text,
      'failed?': text,
    }),
  ),
  totals: object({
    'keep?': count,
    'update?': count,
    'replace?': count,
    'arm?': count,
    'disarm?': count,
    'wait?': count,
  }),
  'diagnostics?': list(diagnostic),
});

export const jails = object({
  version: literal(1),
  jails: list(
    object({
      name: text,
      kind: oneOf('pid', 'chroot'),
      instance: text,
      'jid?': count,
      'pid?': count,
      'path?': text,
      'hostname?': text,
    }),
  ),
});

/** A line of `history --json`. */
export const entry = object({
  id: runId,
  probe: text,
  jail: text,
  instance: text,
  title: text,
  firedAt: time,
  'startedAt?': time,
  'endedAt?': time,
  'durationMs?': count,
  'folded?': count,
  by: oneOf('jail', 'host'),
  ...ending,
});

export const output = object({
  version: literal(1),
  id: runId,
  bytes: count,
  output: test('a text', (value) => typeof value === 'string'),
});
export const trigger = object({
  version: literal(1),
  id: runId,
  probe: text,
  'startedAt?': time,
  'endedAt?': time,
  'durationMs?': count,
  'folded?': count,
  ...ending,
});
export const removed = object({ version: literal(1), id: text, jail: text, title: text });
export const stopped = object({ version: literal(1), pid: count });
const processes = object({
  daemon: object({ pid: count, version: text }),
  'keeper?': object({ pid: count, 'version?': count }),
});
export const upgraded = object({
  version: literal(1),
  before: processes,
  after: processes,
  probes: object({ armed: count, stayed: count, moved: count, waiting: count }),
});
