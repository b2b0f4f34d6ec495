import { type } from 'node:os';
import { join } from 'node:path';
import { runProcess } from './process.ts';

const SOURCE = join(import.meta.dirname, 'native/reaper.c');
const FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];

/**
 * Builds what test files are run by: it takes note of the end of whatever they leave without a parent.
 *
 * @returns how to run a program by it; on other systems than Linux by nothing
 */
export async function buildReaper(folder: string): Promise<readonly string[]> {
  if (type() !== 'Linux') return [];
  const program = join(folder, 'reaper');
  const compiler = process.env['CC'] ?? 'cc';
  const { ok, output } = await runProcess([compiler, ...FLAGS, '-o', program, SOURCE], { limit: 60 });
  if (!ok) throw new Error(`${SOURCE} cannot be built:\n${output}`);
  return [program];
}
