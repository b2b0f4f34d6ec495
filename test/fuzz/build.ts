import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../rig/execute.ts';
import { missing } from '../rig/proc.ts';

const HERE = import.meta.dirname;
const NATIVE = join(HERE, '../../src/keeper/native');
const PROBE = join(HERE, '../../dist/keeper/jaildaemon-probe');
const STRICT = ['-std=c11', '-g', '-O1', '-Wall', '-Wextra'];
const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];

/** Connections to begin with, and words that the fuzzer may write: what a daemon says. */
export const CORPUS = join(HERE, 'corpus/frames');
export const DICTIONARY = join(HERE, 'frames.dict');

/** Why the keeper cannot be fuzzed here. */
export function noFuzzer(): string | undefined {
  return missing('clang', 'make');
}

/** The keeper without its loop, driven by libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer. */
export function buildFuzzer(folder: string): Promise<string> {
  return link(folder, 'frames', 'clang', [...SANITIZERS, '-fsanitize=fuzzer'], ['frames.c']);
}

/** The same without either, to be run with files as its arguments under valgrind. */
export function buildReplay(folder: string): Promise<string> {
  return link(folder, 'replay', 'cc', [], ['frames.c', 'replay.c']);
}

/** The whole keeper with both sanitizers, as a script that can be started as the keeper is; reports go to `reports`. */
export async function buildSanitized(folder: string): Promise<{ program: string; reports: string }> {
  const reports = join(folder, 'reports');
  mkdirSync(reports);
  // As it was built: the probe has no C library that could be watched. The copy is newer than its sources.
  copyFileSync(PROBE, join(folder, 'jaildaemon-probe'));
  const flags = [...STRICT, ...SANITIZERS].join(' ');
  const keeper = join(folder, 'keeper');
  await must(
    'make',
    ['-s', '-C', NATIVE, `OUT=${folder}`, 'CC=clang', 'STATIC=', `CFLAGS=${flags}`, keeper],
    {
      seconds: 120,
    },
  );
  const program = join(folder, 'watched-keeper');
  const options = `log_path=${join(reports, 'report')}:print_stacktrace=1`;
  const script = `#!/bin/sh\nASAN_OPTIONS=${options} UBSAN_OPTIONS=${options} exec ${keeper} "$@"\n`;
  writeFileSync(program, script, { mode: 0o755 });
  return { program, reports };
}

/** frames.c holds set_up.c in itself, and has a loop of its own; launch() is its own, so that no process is started. */
async function link(
  folder: string,
  name: string,
  compiler: string,
  flags: readonly string[],
  own: readonly string[],
): Promise<string> {
  const print = ['-s', '-C', NATIVE, '--eval=print: ; @echo $(SOURCES)', 'print'];
  const sources = (await must('make', print)).trim().split(/\s+/);
  const out = join(folder, name);
  const files = [
    ...own.map((file) => join(HERE, 'native', file)),
    ...sources.filter((file) => file !== 'keeper.c' && file !== 'set_up.c').map((file) => join(NATIVE, file)),
  ];
  const more = [`-I${NATIVE}`, `-DPROBE="${PROBE}"`, '-Wl,--wrap=launch', '-o', out];
  await must(compiler, [...STRICT, ...flags, ...more, ...files], { seconds: 120 });
  return out;
}
