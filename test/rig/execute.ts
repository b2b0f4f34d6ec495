import { spawn } from 'node:child_process';

/** How a program ended and what it printed. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecuteOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** After so long it is killed. */
  readonly seconds?: number;
}

/** Runs a program to its end. A failure is a value: what it means is the story's to say. */
export function execute(
  file: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<Outcome> {
  const { cwd, env = process.env, input, seconds = 30 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const limit = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin?.on('error', () => {}); // it may end without reading all of it
    child.stdin?.end(input);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Runs a program that must succeed, and returns what it printed. */
export async function must(
  file: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<string> {
  const { code, signal, stdout, stderr } = await execute(file, args, options);
  if (code === 0) return stdout;
  throw new Error(`${file} ${args.join(' ')}: ${signal ?? `exit ${code}`}\n${stderr}${stdout}`);
}
