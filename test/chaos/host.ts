import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PROGRAM } from '../rig/daemon.ts';
import { execute, must, type Outcome } from '../rig/execute.ts';
import { commandOf, killExactly, startOf, withArgument } from '../rig/proc.ts';
import type { Status } from '../rig/printed.ts';
import type { Teller } from '../rig/story.ts';

/** The real daemon, started again whenever it has ended, as an init system would. */
export interface Host {
  readonly state: string;
  readonly log: string;
  /** How often the daemon was started. */
  readonly starts: number;
  /** Exit codes of the daemon that say a fault of ours. */
  readonly faults: readonly string[];
  cli(...args: readonly string[]): Promise<Outcome>;
  status(): Promise<Status | undefined>;
  daemon(): number | undefined;
  keeper(): number | undefined;
  /** Puts another file in the place of the configuration, at once. */
  write(text: string): Promise<void>;
  /** Ends everything in order; nothing is started again. */
  stop(): Promise<Outcome>;
  /** What a daemon that has stopped should have removed. */
  remains(): string[];
}

/** Ended so, a daemon is started again and nobody wonders: killed, or another one was there, or the file is broken. */
const EXPECTED = new Set(['SIGKILL', '0', '69', '75', '78']);

/** @param size of the state directory's own small disk, bytes */
export async function openHost(t: Teller, text: string, size: number): Promise<Host> {
  const dir = join(t.dir, 'host');
  const state = join(dir, 's');
  await mkdir(state, { recursive: true, mode: 0o700 });
  await must('chmod', ['0700', dir]);
  await must('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'jaildaemon-chaos', state]);
  t.defer('unmount the state directory', async () => {
    // What the daemon left there is evidence.
    await must('cp', ['-a', state, join(t.dir, 'state')]);
    await must('umount', ['--lazy', state]);
  });
  const [config, socket, pidfile, log] = ['jaildaemon.yml', 'sock', 'pid', 'log'].map((name) =>
    join(dir, name),
  ) as [string, string, string, string];
  const paths = ['--config', config, '--state', state, '-f', socket, '-p', pidfile, '--log', log];
  const faults: string[] = [];
  let starts = 0;
  let pid: number | undefined;
  const ending = new AbortController();

  let writing: Promise<void> = Promise.resolve();
  const write = (text: string): Promise<void> =>
    (writing = writing.then(async () => {
      await writeFile(`${config}.new`, text, { mode: 0o600 });
      await rename(`${config}.new`, config);
    }));
  const cli = (...args: readonly string[]): Promise<Outcome> =>
    execute(process.execPath, [PROGRAM, ...args, '-f', socket], { seconds: 150 });

  async function supervise(): Promise<void> {
    while (!ending.signal.aborted) {
      const how = await new Promise<string>((resolve) => {
        const child = spawn(process.execPath, [PROGRAM, '-D', '--foreground', ...paths], {
          cwd: '/',
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let said = '';
        child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
        starts++;
        pid = child.pid;
        child.once('error', (error) => resolve(String(error)));
        child.once('close', (code, signal) => {
          const how = signal ?? String(code);
          resolve(EXPECTED.has(how) ? how : `${how}: ${said.trim()}`);
        });
      });
      pid = undefined;
      if (!EXPECTED.has(how)) faults.push(`the daemon ended with ${how}`);
      await pause(100);
    }
  }

  const ours = (): number[] => withArgument(state).filter((pid) => commandOf(pid) === 'keeper');
  await write(text);
  const supervising = supervise();
  t.defer('end the daemon and its keeper', async () => {
    ending.abort();
    if (pid !== undefined) await killExactly(pid, startOf(pid));
    await supervising;
    for (const pid of withArgument(state)) await killExactly(pid, startOf(pid));
  });
  return {
    state,
    log,
    get starts() {
      return starts;
    },
    faults,
    cli,
    status: async () => {
      const { stdout } = await cli('status', '--json');
      return stdout === '' ? undefined : (JSON.parse(stdout) as Status);
    },
    daemon: () => pid,
    // Children on their way from its fork to their exec look like it.
    keeper: () => ours().find((pid) => commandOf(parentOf(pid)) !== 'keeper'),
    write,
    stop: async () => {
      ending.abort();
      const outcome = await cli('stop');
      await supervising;
      return outcome;
    },
    remains: () => [
      ...[socket, pidfile].filter((path) => existsSync(path)),
      ...readdirSync(state).filter((name) => name.endsWith('.sock')),
      ...readdirSync(join(state, 'running')).map((name) => `running/${name}`),
    ],
  };
}

export function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0; // it has ended
  }
}
