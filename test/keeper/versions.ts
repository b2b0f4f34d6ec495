import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../rig/execute.ts';
import type { Teller } from '../rig/story.ts';

const NATIVE = join(import.meta.dirname, '../../src/keeper/native');

/**
 * A keeper as it was at an older version of the protocol, or may be at the next one: today's program, built so that it
 * speaks like that.
 *
 * @returns its path
 */
export async function keeperOfVersion(t: Teller, version: number): Promise<string> {
  const out = join(t.dir, `keeper-${version}`);
  const program = join(out, 'keeper');
  if (existsSync(program)) return program;
  mkdirSync(out);
  const env = { ...process.env, CFLAGS: `-DPROTOCOL_VERSION=${version}` };
  await must('make', ['-s', '-C', NATIVE, `OUT=${out}`], { env });
  return program;
}
