import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../rig/execute.ts';
import { KEEPER } from './rig.ts';

const NATIVE = join(import.meta.dirname, '../../src/keeper/native');
/** The version that today's keeper speaks. */
const TODAY = 2;
const built = new Map<number, Promise<string>>();

/**
 * A keeper as it was at an older version of the protocol, or may be at the next one: today's program, built so that it
 * speaks like that; once for all stories of a file.
 *
 * @returns its path
 */
export function keeperOfVersion(version: number): Promise<string> {
  const program = built.get(version) ?? build(version);
  built.set(version, program);
  return program;
}

async function build(version: number): Promise<string> {
  if (version === TODAY) return KEEPER;
  const out = mkdtempSync(join(tmpdir(), `keeper-${version}-`));
  process.once('exit', () => rmSync(out, { recursive: true, force: true }));
  const flags = `-O0 -std=c11 -DPROTOCOL_VERSION=${version}`;
  await must('make', ['-s', '-C', NATIVE, `OUT=${out}`, `CFLAGS=${flags}`, join(out, 'keeper')], {
    seconds: 120,
  });
  return join(out, 'keeper');
}
