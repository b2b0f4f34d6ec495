import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inFolder } from './folder.ts';

/** A name, what the main file (or each file) holds, and the whole of what is said of it. */
export type Case = readonly [string, string | Readonly<Record<string, string>>, string];

/** A file whose jail `web` has a probe `A` of these lines. */
export function probe(...lines: readonly string[]): string {
  return `jails:\n  web:\n    probes:\n      A:\n${lines.map((line) => `        ${line}\n`).join('')}`;
}

/** Each case is a test: everything that is wrong is told, once, at its place, and nothing else. */
export function tellsAll(cases: readonly Case[]): void {
  for (const [name, given, expected] of cases) {
    test(
      name,
      inFolder(async ({ write, say }) => {
        const files = typeof given === 'string' ? { 'jaildaemon.yml': given } : given;
        for (const [file, text] of Object.entries(files)) write(file, text);
        assert.is(await say(), expected);
      }),
    );
  }
}
