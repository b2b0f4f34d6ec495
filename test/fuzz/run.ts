/**
 * `npm run fuzz [-- --seconds N] [--seed S]`: fuzzes the keeper's frames with AddressSanitizer and UBSan, then gives all
 * that was found on the way to the keeper once more under valgrind. Ten minutes if nothing is said.
 */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { missing } from '../rig/proc.ts';
import { noFuzzer } from './build.ts';
import { fuzzFrames, replayUnderValgrind } from './fuzz.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string', default: '1' } },
});
const lacking = noFuzzer();
if (lacking !== undefined) {
  console.error(`fuzz: ${lacking}: apt-get install clang`);
  process.exit(69);
}
const folder = mkdtempSync(join(tmpdir(), 'jd-fuzz-'));
let failed = false;

const fuzzed = await fuzzFrames(folder, Number(values.seconds), Number(values.seed));
if (fuzzed.code === 0) {
  const stat = (name: string): string => new RegExp(`${name}:\\s+(\\d+)`).exec(fuzzed.stderr)?.[1] ?? '?';
  const coverage = [...fuzzed.stderr.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? '?';
  console.log(
    `frames: ${stat('stat::number_of_executed_units')} connections in ${values.seconds} s, ${coverage} edges, no finding`,
  );
} else {
  failed = true;
  console.error(fuzzed.stderr.slice(-8_000));
  for (const name of readdirSync(folder).filter((name) => /^(crash|leak|timeout|oom)-/.test(name))) {
    copyFileSync(join(folder, name), name);
    console.error(
      `fuzz: what did it is in ${name}; run it again with the fuzzer, then put it into test/fuzz/corpus/frames`,
    );
  }
}

const noValgrind = missing('valgrind');
if (noValgrind !== undefined) console.log(`valgrind: left out (${noValgrind})`);
else {
  const replayed = await replayUnderValgrind(folder);
  if (replayed.code === 0) console.log(`valgrind: ${replayed.stdout.trim()}, no finding`);
  else {
    failed = true;
    console.error(replayed.stderr.slice(-8_000));
  }
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed ? 1 : 0;
