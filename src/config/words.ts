import { keysOf } from './config-file.ts';

/** What of a schema is of use for messages. */
export interface SchemaNode {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly enum?: readonly unknown[];
  readonly 'x-expected'?: string;
  readonly 'x-code'?: string;
}

/** What a schema expects, in words. */
export function expectation(schema: SchemaNode): string {
  return schema['x-expected'] ?? 'something else';
}

/** What stands there instead, in words; `text` is how the file writes it. */
export function found(value: unknown, text?: string): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'number') return `the number ${text ?? value}`;
  if (typeof value === 'boolean') return String(value);
  const string = String(value);
  if (string === '') return 'an empty text';
  if (string.length > 60) return `a text of ${string.length} characters`;
  return `the text ${printable(JSON.stringify(string))}`;
}

/** What is no printable ASCII as an escape: a lookalike letter is seen as what it is. */
const printable = (text: string): string =>
  text.replaceAll(/[^ -~]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);

/** What to write instead, where that is plain. */
export function repair(schema: SchemaNode, value: unknown, text: string): string | undefined {
  const expected = schema['x-expected'] ?? '';
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  if (expected.startsWith('a duration')) {
    return typeof value === 'number' ? `a duration has a unit: ${value}s, ${value}m` : undefined;
  }
  if (scalar && /^(a string|a text|a title|a command)/.test(expected)) return `put it in quotes: "${text}"`;
  if (expected.startsWith('a list') && typeof value === 'string') return `write it as a list: [${text}]`;
  if (expected.startsWith('true or false') && typeof value === 'string') {
    if (/^(yes|on)$/i.test(value)) return 'write true';
    if (/^(no|off)$/i.test(value)) return 'write false';
  }
  if (value === null) return 'a value is missing, or the lines below are not indented';
  return undefined;
}

/** Where an unknown key would have its place. */
export function belongsTo(key: string, known: readonly string[]): string {
  if (key === 'container')
    return 'container engines are not supported; say where its first process is with pid:';
  for (const [level, keys] of Object.entries(keysOf)) {
    if ((keys as readonly string[]).includes(key)) return `${key} is a key of ${level}`;
  }
  return `known here: ${known.join(', ')}`;
}
