// Writes what follows from config.schema.json: the types of the file and its validator. `npm run schema`.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { compile } from 'json-schema-to-typescript';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const mark = '// GENERATED from schema/config.schema.json by `npm run schema`. Do not edit.\n';

/** For people and editors only: they would end up as index signatures that make every misspelt key legal. */
const withoutFreeKeys = (node) => {
  if (Array.isArray(node)) return node.map(withoutFreeKeys);
  if (node === null || typeof node !== 'object') return node;
  const { patternProperties: _free, ...rest } = node;
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withoutFreeKeys(value)]));
};

/** The two generated files, by path. */
export async function generate() {
  const schema = JSON.parse(await readFile(at('config.schema.json'), 'utf8'));
  // `unicode: false`: lengths in UTF-16 units, which needs no run-time part of ajv. `verbose`: an error carries its
  // schema, from which validate.ts takes the words for what was expected.
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    unicode: false,
    unicodeRegExp: false,
    logger: false,
    code: { source: true, esm: true },
  });
  ajv.addVocabulary(['x-expected', 'x-code']);
  const validator = standaloneCode(ajv, ajv.compile(schema));
  if (/\brequire\(|\bimport\b/.test(validator.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""'))) {
    throw new Error('the validator needs ajv at run time: find the keyword that does, and do without it');
  }
  const types = await compile(withoutFreeKeys(schema), 'ConfigFile', {
    bannerComment: '',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    format: true,
    style: { printWidth: 110, singleQuote: true },
  });
  const levels = { 'a probe': 'probe', 'a jail': 'jail', settings: 'settings' };
  const keys = Object.entries(levels).map(
    ([level, name]) => `  '${level}': ${JSON.stringify(Object.keys(schema.$defs[name].properties))},\n`,
  );
  const keysOf = `\n/** The keys of each level, for hints about keys at the wrong one. */\nexport const keysOf = {\n  'the file': ${JSON.stringify(Object.keys(schema.properties))},\n${keys.join('')}} as const;\n`;
  return new Map([
    [at('../src/config/config-file.ts'), `${mark}${types}${keysOf}`],
    [at('../src/config/validator.ts'), `// @ts-nocheck\n${mark}${validator}\n`],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await generate()) await writeFile(path, text);
}
