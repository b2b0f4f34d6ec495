import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** What a command came to. */
export interface Shown {
  readonly code: number | null;
  readonly output: string;
}

export interface ShowOptions {
  /** The exit code that belongs to the story. */
  readonly expect?: number;
  /** Runs the same text somewhere else: inside the jail. */
  readonly inside?: readonly string[];
  readonly prompt?: string;
}

/** Tells a story on a terminal: sentences, and real commands with their real output. */
export interface Stage {
  chapter(title: string): void;
  say(text: string): void;
  /** Shows a command line as it would be typed, runs exactly that in a shell, and shows what it prints. */
  show(command: string, options?: ShowOptions): Promise<Shown>;
  /** Waits for a condition; the demo has failed when it does not come. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>;
  /** Begins no further command, and resolves when the one that runs now has ended. */
  curtain(): Promise<unknown>;
}

const STYLES = { bold: '1', dim: '2', cyan: '36' } as const;

/** @param cwd where all commands are run, with `env` */
export function openStage(cwd: string, env: NodeJS.ProcessEnv): Stage {
  const colored = process.stdout.isTTY && !process.env['NO_COLOR'];
  const style = (name: keyof typeof STYLES, text: string): string =>
    colored ? `\u001b[${STYLES[name]}m${text}\u001b[0m` : text;
  let current: Promise<unknown> = Promise.resolve();
  let isOver = false;
  const print = (text: string): void => void process.stdout.write(`${text}\n`);

  return {
    chapter: (title) => print(`\n${style('bold', title)}`),
    say: (text) => print(style('dim', text)),
    async show(command, { expect = 0, inside = [], prompt = '$' } = {}) {
      if (isOver) return new Promise<never>(() => {});
      print(`${style('cyan', prompt)} ${style('bold', command)}`);
      // Inside, ps shows everything: the shell makes way for the command.
      const text = inside.length > 0 ? `exec ${command}` : command;
      const [file, ...args] = [...inside, 'sh', '-c', text];
      const running = run(file ?? 'sh', args, cwd, env);
      current = running.catch(() => undefined);
      const shown = await running;
      if (shown.output.trim() !== '') print(shown.output.trimEnd());
      if (shown.code !== expect) throw new Error(`"${command}" ended with ${shown.code}, not with ${expect}`);
      return shown;
    },
    async until(what, condition) {
      const end = performance.now() + 10_000;
      while (!(await condition())) {
        if (performance.now() > end) throw new Error(`waited 10 s in vain until ${what}`);
        await pause(20);
      }
    },
    curtain: () => {
      isOver = true;
      return current;
    },
  };
}

/** Whether a program is there. */
export function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' }).status === 0;
}

function run(file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Shown> {
  return new Promise((resolve, reject) => {
    // A group of its own: Ctrl-C is for the demo, which then sees to it that nothing is left half done.
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
