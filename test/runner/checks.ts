import type { Result } from './file.ts';
import { runProcess } from './process.ts';

/** What is checked of the sources before any test runs: one test each. */
export const CHECKS: readonly {
  readonly name: string;
  readonly argv: readonly string[];
  readonly mend: string;
}[] = [
  { name: 'lint', argv: ['node_modules/.bin/oxlint', '--deny-warnings'], mend: 'npm run lint' },
  { name: 'types', argv: ['node_modules/.bin/tsc', '--noEmit', '--pretty', 'false'], mend: 'npm run lint' },
  { name: 'format', argv: ['npm', 'run', '-s', 'format:check'], mend: 'npm run format' },
];

export async function runCheck({ name, argv, mend }: (typeof CHECKS)[number]): Promise<Result> {
  // Where CI is set, these tools colour what goes into a file.
  const env = { ...process.env, CI: undefined };
  const { ok, output, seconds } = await runProcess(argv, { limit: 120, env });
  const counts = ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  return {
    name: `check: ${name}`,
    ...counts,
    skipped: 0,
    skips: [],
    seconds,
    output: `${output}\n(${mend})`,
  };
}
