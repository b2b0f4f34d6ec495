import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../rig/execute.ts';
import { missing } from '../rig/proc.ts';

const SOURCES = join(import.meta.dirname, 'native');
const FLAGS = ['-std=gnu11', '-O2', '-static', '-Wall', '-Wextra', '-Werror'];

/** What an attacker reported: a finding's name, and the outcomes in order. */
export type Findings = ReadonlyMap<string, readonly string[]>;

/** Why no attacker can be built here. */
export const noAttackers = (): string | undefined => missing('cc', 'unshare', 'nsenter');

/** Builds one of the small programs that run inside, and puts it into a directory, such as a jail's /bin. */
export async function bring(attacker: string, folder: string): Promise<string> {
  const cache = process.env['JAILDAEMON_TEST_CACHE'] ?? tmpdir();
  const work = await mkdtemp(join(cache, 'cc-'));
  try {
    const built = join(cache, `attacker-${attacker}`);
    const shared = process.env['JAILDAEMON_TEST_CACHE'] !== undefined;
    if (!shared || !existsSync(built)) {
      const fresh = join(work, attacker);
      await must('cc', [...FLAGS, '-o', fresh, join(SOURCES, `${attacker}.c`)], { seconds: 60 });
      await copyFile(fresh, join(folder, attacker));
      if (shared) await rename(fresh, built);
    } else await copyFile(built, join(folder, attacker));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await chmod(join(folder, attacker), 0o755);
  return join(folder, attacker);
}

/** Reads the fixed form: NAME TAB OUTCOME. */
export function findingsIn(report: string): Findings {
  const all = new Map<string, string[]>();
  for (const line of report.split('\n').filter(Boolean)) {
    const [name = '', outcome = ''] = line.split('\t');
    const known = all.get(name);
    if (known) known.push(outcome);
    else all.set(name, [outcome]);
  }
  return all;
}

/** The different outcomes of a finding, for a table: `EPERM`, `ok and EIO`. */
export function outcomes(findings: Findings, name: string): string {
  return [...new Set(findings.get(name) ?? ['not tried'])].join(' and ');
}
