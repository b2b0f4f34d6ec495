import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { clearLeftovers } from './leftovers.ts';
import { runProcess } from './process.ts';

/** What a test file says about itself in its first lines. */
export interface TestFile {
  readonly path: string;
  /** `// alone: REASON`: nothing else runs beside it. */
  readonly alone: boolean;
  /** `// limit: 300 s`: how long it may take. */
  readonly limit: number;
}

/** What came of one file, or of one check. */
export interface Result {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The names of the skipped stories, with the reason. */
  readonly skips: readonly string[];
  readonly seconds: number;
  readonly output: string;
}

const USUAL_LIMIT = 240;

export function describeFile(path: string): TestFile {
  const head = readFileSync(path, 'utf8').slice(0, 1000);
  const limit = /^\/\/ limit: (\d+) s$/m.exec(head)?.[1];
  return {
    path,
    alone: /^\/\/ alone: \S/m.test(head),
    limit: limit === undefined ? USUAL_LIMIT : Number(limit),
  };
}

/** What all files of a run share. */
export interface Ground {
  /** Of the run; each file has its own below it. */
  readonly folder: string;
  /** What comes before a program on its command line. */
  readonly by: readonly string[];
}

/** Runs one test file in a process and a temporary folder of its own, and sees that nothing of it is left. */
export async function runFile(
  { path, limit }: TestFile,
  { folder, by }: Ground,
  number: number,
): Promise<Result> {
  const temporary = join(folder, String(number));
  mkdirSync(temporary, { mode: 0o711 });
  // The loader keeps what it has compiled there: one cache for all files of this run.
  const cache = join(folder, 'cache');
  symlinkSync(cache, join(temporary, `tsx-${process.getuid?.() ?? 0}`));
  const env = { ...process.env, TMPDIR: temporary, JAILDAEMON_TEST_CACHE: cache };
  const { ok, output, seconds, late } = await runProcess([...by, process.execPath, '--import', 'tsx', path], {
    env,
    limit,
  });
  const [total, passed, skipped] = ['Total', 'Passed', 'Skipped'].map((word) => lastNumber(output, word));
  const said = [output];
  let failed = (total ?? 0) - (passed ?? 0);
  if (late) said.push(`ended: it took longer than ${limit} s`);
  else if (total === undefined) said.push('ended before it had told how many tests there are');
  // It did not end well, whatever it counted.
  if (!ok && failed === 0) failed = 1;
  const left = await clearLeftovers(temporary);
  if (left.length > 0) {
    failed += 1;
    said.push('left behind:', ...left);
  }
  const skips = [...output.matchAll(/^skipped: (.+)$/gm)].map((match) => match[1] ?? '');
  return {
    name: path,
    passed: passed ?? 0,
    failed,
    skipped: skipped ?? 0,
    skips,
    seconds,
    output: said.join('\n'),
  };
}

function lastNumber(output: string, word: string): number | undefined {
  const last = [...output.matchAll(new RegExp(`^  ${word}: +(\\d+)$`, 'gm'))].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}
