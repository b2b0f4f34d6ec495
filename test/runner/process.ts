import { spawn } from 'node:child_process';

/** How a test process ended, and all that it printed. */
export interface Ending {
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
  /** Set when it was ended for taking too long. */
  readonly late: boolean;
}

const MOST_OUTPUT = 4 << 20;
const GRACE_SECONDS = 30;
/** Ends each that runs. */
const running = new Set<() => void>();

/** Runs a program in a process group of its own; after `limit` seconds it gets TERM, to clean up, and then KILL. */
export function runProcess(
  argv: readonly string[],
  { env = process.env, limit }: { env?: NodeJS.ProcessEnv; limit: number },
): Promise<Ending> {
  const begin = performance.now();
  return new Promise((resolve) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let late = false;
    let ended = false;
    let hard: NodeJS.Timeout | undefined;
    const take = (chunk: Buffer): void => {
      if (output.length < MOST_OUTPUT) output += chunk.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const askToEnd = (): void => {
      if (ended || hard !== undefined) return;
      signal(child.pid, 'SIGTERM');
      hard = setTimeout(() => signal(child.pid && -child.pid, 'SIGKILL'), GRACE_SECONDS * 1000);
    };
    running.add(askToEnd);
    const soft = setTimeout(() => {
      late = true;
      askToEnd();
    }, limit * 1000);
    const end = (ok: boolean): void => {
      if (ended) return;
      ended = true;
      clearTimeout(soft);
      clearTimeout(hard);
      running.delete(askToEnd);
      resolve({ ok: ok && !late, output, seconds: (performance.now() - begin) / 1000, late });
    };
    child.once('error', (error) => {
      output += String(error);
      end(false);
    });
    // What it left behind may hold its output open for ever: its own end is what counts.
    child.once('exit', (code) => setTimeout(end, 200, code === 0));
    child.once('close', (code) => end(code === 0));
  });
}

/** Asks all test processes to clean up and end; who does not is killed. */
export function endAll(): void {
  for (const askToEnd of running) askToEnd();
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended.
  }
}
