// The schema is the only description of the file: what follows from it, or retells it, must not fall behind.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Schema {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const schema: Schema = JSON.parse(readFileSync(`${root}schema/config.schema.json`, 'utf8'));

/** Every key at every level, with what describes it. */
function keysOf(of: Schema, path: string): [string, Schema][] {
  return Object.entries(of.properties ?? {}).flatMap(([key, given]) => {
    const name = given.$ref?.startsWith('#/$defs/') ? given.$ref.slice('#/$defs/'.length) : '';
    const entry = { ...schema.$defs?.[name], ...given };
    return [
      [`${path}${key}`, entry] as [string, Schema],
      ...(given.$ref ? [] : keysOf(given, `${path}${key}.`)),
    ];
  });
}

const keys = [
  ...keysOf(schema, ''),
  ...['jail', 'probe', 'settings'].flatMap((name) => keysOf(schema.$defs?.[name] ?? {}, `${name}.`)),
];

test('the generated files are not stale: else run `npm run schema`', async () => {
  const url = new URL('../../schema/generate.mjs', import.meta.url).href;
  const { generate } = (await import(url)) as { generate(): Promise<Map<string, string>> };
  for (const [path, text] of await generate()) {
    assert.ok(readFileSync(path, 'utf8') === text, `${path} is stale`);
  }
});

test('the validator needs nothing at run time', () => {
  const text = readFileSync(`${root}src/config/validator.ts`, 'utf8');
  assert.not.match(text, /\brequire\(|^import /m);
});

test('every key has a description and an example', () => {
  assert.ok(keys.length > 30, 'the keys were found');
  for (const [path, { description, examples }] of keys) {
    assert.ok(description, `${path} has no description`);
    assert.ok(examples?.length, `${path} has no example`);
  }
});

test('every key is in the manual', () => {
  const manual = readFileSync(`${root}man/jaildaemon.yml.5`, 'utf8');
  for (const [path] of keys) {
    const key = path.split('.').at(-1);
    assert.match(manual, new RegExp(`^\\.(It )?Cm ${key}\\b`, 'm'), `${path} is not in jaildaemon.yml(5)`);
  }
});

test.run();
