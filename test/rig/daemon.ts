import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askStatus, forPrograms } from '../../src/cli/status.ts';
import { ask } from '../../src/control/client.ts';
import { execute, type ExecuteOptions, type Outcome } from './execute.ts';
import { isAlive, killExactly, startOf, withArgument } from './proc.ts';
import type { HistoryEntry, ProbeStatus, Status } from './printed.ts';
import type { Teller } from './story.ts';
import { until } from './until.ts';

export const PROGRAM = join(import.meta.dirname, '../../dist/main.js');

export interface DaemonOptions {
  /** More of the command line that starts it. */
  readonly args?: readonly string[];
}

/** The real daemon, with everything it has in the story's folder. */
export interface Daemon {
  /** A folder of the host's, 0700: nobody in a jail sees it. */
  readonly dir: string;
  readonly config: string;
  readonly socket: string;
  readonly state: string;
  /** Of the daemon that runs now. */
  pid(): Promise<number>;
  /** Starts it (again), as the command line does, and waits until it is ready. */
  start(): Promise<Outcome>;
  /** A subcommand of ours, sent to this daemon. */
  cli(...args: readonly string[]): Promise<Outcome>;
  /** The same with --json; it must print one object. */
  json<T>(...args: readonly string[]): Promise<T>;
  /** What `status --json` prints. Stories ask for it all the time, so it is no program of its own that asks. */
  status(): Promise<Status>;
  /** Waits until a probe, called JAIL/KEY, is as described, and returns it. */
  probe(
    id: string,
    as: (probe: ProbeStatus) => boolean,
    what: string,
    seconds?: number,
  ): Promise<ProbeStatus>;
  /** Waits until a probe is in this state. */
  reaches(id: string, state: ProbeStatus['state'], seconds?: number): Promise<ProbeStatus>;
  /** What `history --json` prints, likewise. @param count so many of the newest */
  history(count?: number): Promise<HistoryEntry[]>;
  /** Puts another file in the place of the configuration, at once, as editors do. */
  edit(yaml: string): Promise<void>;
  log(): Promise<string>;
}

/** Starts a daemon with this configuration. It, its keeper and all probes are gone at the end of the story. */
export async function daemon(t: Teller, yaml: string, options: DaemonOptions = {}): Promise<Daemon> {
  const dir = join(t.dir, 'host');
  await mkdir(dir, { mode: 0o700, recursive: true });
  const [config, socket, state] = [join(dir, 'jaildaemon.yml'), join(dir, 'sock'), join(dir, 's')];
  const [pidfile, logfile] = [join(dir, 'pid'), join(dir, 'log')];
  const seen = new Map<number, string>();

  const run = (args: readonly string[], more?: ExecuteOptions): Promise<Outcome> =>
    execute(process.execPath, [PROGRAM, ...args], { cwd: dir, ...more });
  const cli = (...args: readonly string[]): Promise<Outcome> => run([...args, '-f', socket]);
  const json = async <T>(...args: readonly string[]): Promise<T> => {
    const { stdout, stderr } = await cli(...args, '--json');
    if (stdout === '') throw new Error(`jaildaemon ${args.join(' ')} --json printed nothing\n${stderr}`);
    return JSON.parse(stdout) as T;
  };
  const status = async (): Promise<Status> => {
    const status = forPrograms(await askStatus(socket)) as Status;
    for (const pid of [status.daemon.pid, status.keeper?.pid])
      if (pid !== undefined) seen.set(pid, startOf(pid));
    return status;
  };
  const start = async (): Promise<Outcome> => {
    const paths = ['--config', config, '--state', state, '-f', socket, '-p', pidfile, '--log', logfile];
    const outcome = await run(['-D', ...paths, ...(options.args ?? [])]);
    if (outcome.code === 0) await status();
    return outcome;
  };
  const probe: Daemon['probe'] = async (id, as, what, seconds) => {
    let last: ProbeStatus | undefined;
    return until(
      async () => {
        last = (await status()).probes.find((probe) => probe.id === id);
        return last !== undefined && as(last) ? last : undefined;
      },
      `${id} ${what}`,
      { ...(seconds !== undefined && { seconds }), last: () => last },
    );
  };
  const edit = async (yaml: string): Promise<void> => {
    await writeFile(`${config}.new`, yaml, { mode: 0o600 });
    await rename(`${config}.new`, config);
  };
  const log = async (): Promise<string> => (existsSync(logfile) ? readFile(logfile, 'utf8') : '(no log)');

  t.onFailure(async () => `the daemon's log:\n${await log()}`);
  t.defer('end the daemon and its keeper', async () => {
    const stopped = existsSync(socket) ? await isStopped(socket) : undefined;
    // Also those that a story made appear without asking for the status: a keeper after a crash.
    for (const pid of withArgument(state)) seen.set(pid, startOf(pid));
    const left = (): [number, string][] =>
      [...seen].filter(([pid, start]) => isAlive(pid) && startOf(pid) === start);
    const ended = until(() => left().length === 0, 'both have ended', {
      seconds: stopped === undefined ? 0 : 3,
    });
    const fault = await ended.then(() => undefined, String);
    for (const [pid, start] of left()) await killExactly(pid, start);
    if (stopped === true && fault !== undefined)
      throw new Error(`the daemon says that it is stopped: ${fault}`);
  });
  await edit(yaml);
  const { code, stderr } = await start();
  if (code !== 0) throw new Error(`jaildaemon -D: exit ${code}\n${stderr}`);

  return {
    dir,
    config,
    socket,
    state,
    pid: async () => Number(await readFile(pidfile, 'utf8')),
    start,
    cli,
    json,
    status,
    probe,
    reaches: (id, state, seconds) => probe(id, (probe) => probe.state === state, `is ${state}`, seconds),
    history: async (count = 20) => {
      const entries: HistoryEntry[] = [];
      await ask(socket, { verb: 'history', count, follow: false }, (rows: readonly HistoryEntry[]) =>
        entries.push(...rows),
      );
      return entries;
    },
    edit,
    log,
  };
}

/** Whether a daemon that was told to stop says that all is down; there may be none any more. */
async function isStopped(socket: string): Promise<boolean> {
  return ask(socket, { verb: 'stop' }).then(
    () => true,
    () => false,
  );
}
