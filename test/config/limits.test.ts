// What is too large, too deep or not text at all: told in time, and without using up the machine.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { probe } from './broken.ts';
import { inFolder } from './folder.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const bomb = `jails: {}
x-0: &a0 [x,x,x,x,x,x,x,x,x,x]
${numbers(9)
  .map((n) => `x-${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(',')}]\n`)
  .join('')}`;

const mergeBomb = `jails: {}
x-0: &a0 {${numbers(2000)
  .map((n) => `k${n}: 1`)
  .join(', ')}}
${numbers(200)
  .map((n) => `x-m${n}: {<<: *a0}\n`)
  .join('')}`;

/** A name, the file, and how the first line of what is said of it goes on after its place. */
const cases: readonly [string, string | Uint8Array, string][] = [
  ['an alias bomb', bomb, '7:11: error: aliases repeat more than a file of this size needs'],
  ['a bomb of merge keys', mergeBomb, '52:9: error: aliases repeat more than a file of this size needs'],
  ['too many words', `jails: {}\nx-a: [${'a,'.repeat(300_000)}]\n`, '1:1: error: this file is too large'],
  [
    'a file of more than 2 MiB',
    `jails: {}\n${`${'#'.repeat(99)}\n`.repeat(21_000)}`,
    '1:1: error: @/jaildaemon.yml is larger than 2 MiB',
  ],
  ['deep nesting', `jails: {}\nx-a: ${'['.repeat(200_000)}\n`, '2:105: error: this is nested too deeply'],
  [
    'deep nesting of lists',
    `jails: {}\nx-a:\n  ${'- '.repeat(100_000)}a\n`,
    '3:200: error: this is nested too deeply',
  ],
  [
    'a command of more than 64 KiB',
    probe(`command: ${'x'.repeat(65_537)}`),
    '5:18: error: command: a text of 65537 characters is too long; 65536 characters are the most',
  ],
  [
    'a command of more than 64 KiB in UTF-8',
    probe(`command: ${'é'.repeat(40_000)}`),
    '5:18: error: command: 80000 bytes are too many; 64 KiB is the most',
  ],
  [
    'command and environment of more than 100 KiB',
    probe(`command: ${'x'.repeat(60_000)}`, `env: {A: ${'y'.repeat(50_000)}}`),
    '5:18: error: command and environment have 110015 bytes together; 100 KiB is the most',
  ],
  [
    'a title of 201 bytes',
    probe('command: x', `title: ${'T'.repeat(201)}`),
    '6:16: error: title: expected a title of 1 to 200 printable ASCII characters, found a text of 201 characters',
  ],
  [
    'a key of 201 bytes',
    `jails: {web: {probes: {${'K'.repeat(201)}: {command: x}}}}\n`,
    "1:24: error: expected a probe's key: 1 to 200 printable ASCII characters, found a text of 201 characters",
  ],
  ['UTF-16', Buffer.from('\u{feff}jails: {}\n', 'utf16le'), '1:1: error: this file is in UTF-16'],
  [
    'Latin-1',
    Buffer.concat([Buffer.from('jails: {}\n# caf'), Buffer.from([0xe9, 10])]),
    '2:6: error: this is not UTF-8',
  ],
  ['a control character', 'jails: {}\n# \u001b[31m\n', '2:3: error: control character U+001B'],
  ['a NUL', 'jails: {}\n# a\0b\n', '2:4: error: control character U+0000'],
];

for (const [name, text, expected] of cases) {
  test(
    name,
    inFolder(async ({ write, say }) => {
      write('jaildaemon.yml', text);
      const before = performance.now();
      const [first = ''] = (await say()).split('\n');
      assert.is(first, `@/jaildaemon.yml:${expected}`);
      assert.ok(performance.now() - before < 5000, 'told in time');
    }),
  );
}

test(
  'the longest title, key and command are taken',
  inFolder(async ({ write, say }) => {
    const key = 'K'.repeat(200);
    write(
      'jaildaemon.yml',
      `jails: {web: {probes: {${key}: {command: ${'x'.repeat(65_536)}, title: ${'T'.repeat(200)}}}}}\n`,
    );
    assert.is(await say(), 'ok\n');
  }),
);

test(
  'all files together have one limit',
  inFolder(async ({ write, say }) => {
    const half = `jails: {}\nx-a: [${'a,'.repeat(120_000)}]\n`;
    write('jaildaemon.yml', 'include: [a.yml, b.yml]\njails: {}\n');
    write('a.yml', half);
    write('b.yml', half);
    assert.match(await say(), /^@\/b\.yml:1:1: error: this file is too large\n/);
  }),
);

test.run();
