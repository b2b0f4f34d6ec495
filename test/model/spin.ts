import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A form of the model: its bounds, and what is broken in it. */
export interface Form {
  readonly model: string;
  /** For the preprocessor, without `-D`. */
  readonly defines: readonly string[];
  /** Looks for cycles instead of wrong assertions: for executions that never come to rest. */
  readonly cycles?: boolean;
  /** It is over soon: rather compiled fast than fast. */
  readonly small?: boolean;
}

/** What pan(1) found. */
export interface Verdict {
  readonly outcome: 'holds' | 'violated' | 'incomplete';
  /** The promise that was broken, or why the search is not complete. */
  readonly why?: string;
  readonly states: number;
  readonly depth: number;
  readonly seconds: number;
}

/** So many MiB, and so many steps deep, for one search. */
const MEMORY = 5_500;
const DEPTH = 20_000;
/** So that nothing hangs for ever: the longest search takes less than a minute where nobody else needs the processors. */
const LIMIT_SECONDS = 900;

const running = new Set<number>();

/** Why the model cannot be verified here; undefined: it can. */
export function whyNoSpin(): string | undefined {
  for (const [program, remedy] of [
    ['spin', 'apt-get install spin'],
    ['gcc', 'apt-get install gcc'],
  ] as const) {
    const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
    if (error) return `${program} is not here: ${remedy}`;
  }
  return undefined;
}

/**
 * Verifies a form of the model exhaustively: spin makes a verifier of it, gcc a program, which then runs.
 *
 * @param folder an empty one, for what that needs
 */
export async function verify({ model, defines, cycles, small }: Form, folder: string): Promise<Verdict> {
  mkdirSync(folder);
  const made = await run(
    'spin',
    [
      '-a',
      ...[...defines, ...(cycles ? ['CYCLES'] : [])].map((one) => `-D${one}`),
      join(import.meta.dirname, `${model}.pml`),
    ],
    folder,
  );
  if (made.code !== 0 || /\berror:/i.test(made.output)) throw new Error(`spin: ${made.output}`);
  // States are kept as they are (-DNOCOMP): they are small. A search for cycles cannot do that.
  const kind = cycles ? ['-DNP', '-DNOFAIR'] : ['-DSAFETY', '-DNOCOMP'];
  const options = [small ? '-O0' : '-O2', '-w', ...kind, '-DVECTORSZ=512', `-DMEMLIM=${MEMORY}`];
  const built = await run('gcc', [...options, '-o', 'pan', 'pan.c'], folder);
  if (built.code !== 0) throw new Error(`gcc: ${built.output}`);
  const begun = performance.now();
  const { output } = await run('./pan', [`-m${DEPTH}`, '-w23', '-n', ...(cycles ? ['-l'] : [])], folder);
  return readVerdict(output, (performance.now() - begun) / 1000);
}

/** Ends whatever runs. */
export function endAll(): void {
  for (const pid of running) endGroup(pid);
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

function readVerdict(output: string, seconds: number): Verdict {
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);
  const states = number(/^ *(\d+) states, stored/m);
  const depth = number(/depth reached (\d+)/);
  const errors = /errors: (\d+)/.exec(output)?.[1];
  const problem = /^pan(?::1)?: (.+?)(?: \(at depth \d+\))?$/m.exec(output)?.[1];
  const incomplete = /max search depth too small|out of memory|reached -DMEMLIM|hash array too full/.exec(
    output,
  )?.[0];
  const found = { states, depth, seconds };
  if (errors !== undefined && errors !== '0')
    return { outcome: 'violated', why: problem ?? 'an error without a name', ...found };
  if (errors === undefined || incomplete !== undefined || /Search not completed/.test(output))
    return {
      outcome: 'incomplete',
      why: incomplete ?? problem ?? (output.trim().slice(-200) || 'it was ended'),
      ...found,
    };
  return { outcome: 'holds', ...found };
}

function run(
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    // A group of its own: spin and gcc have children.
    const child = spawn(file, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const { pid } = child;
    let output = '';
    const take = (piece: Buffer): void => {
      output += piece.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    if (pid !== undefined) running.add(pid);
    const limit = setTimeout(() => {
      output += `\nended after ${LIMIT_SECONDS} s\n`;
      if (pid !== undefined) endGroup(pid);
    }, LIMIT_SECONDS * 1000);
    const over = (): void => {
      clearTimeout(limit);
      if (pid !== undefined) running.delete(pid);
    };
    child.once('error', (error) => {
      over();
      reject(error);
    });
    child.once('close', (code) => {
      over();
      resolve({ code, output });
    });
  });
}
