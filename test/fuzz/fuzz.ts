import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execute, type Outcome } from '../rig/execute.ts';
import { buildFuzzer, buildReplay, CORPUS, DICTIONARY } from './build.ts';

/** One connection may be so long, in bytes: some frames of the largest size are among the seeds of chance. */
const LONGEST = 16_384;

/**
 * Fuzzes the keeper's frames for so long, guided by coverage, in a folder that is the caller's to remove.
 *
 * @param seed the same one begins the same way
 */
export async function fuzzFrames(folder: string, seconds: number, seed: number): Promise<Outcome> {
  const program = await buildFuzzer(folder);
  const found = join(folder, 'found');
  await mkdir(found);
  const limits = [`-max_total_time=${seconds}`, `-max_len=${LONGEST}`, `-seed=${seed}`, '-timeout=10'];
  const quiet = ['-print_final_stats=1', `-artifact_prefix=${folder}/`];
  // What it keeps goes into the first folder.
  return execute(program, [...limits, `-dict=${DICTIONARY}`, ...quiet, found, CORPUS], {
    cwd: folder,
    seconds: seconds + 60,
  });
}

/** What is known of connections, under valgrind: reads of memory that was never written are seen only there. */
export async function replayUnderValgrind(folder: string): Promise<Outcome> {
  const program = await buildReplay(folder);
  const inputs = [CORPUS, join(folder, 'found')].flatMap((place) => {
    try {
      return readdirSync(place).map((name) => join(place, name));
    } catch {
      return []; // nothing has been found yet
    }
  });
  const watch = ['--quiet', '--error-exitcode=99', '--exit-on-first-error=yes', '--track-fds=no'];
  return execute('valgrind', [...watch, program, ...inputs], { cwd: folder, seconds: 600 });
}
