import { appendFileSync, existsSync, utimesSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import { daemon, PROGRAM, type Daemon, type DaemonOptions } from '../rig/daemon.ts';
import { execute, type ExecuteOptions, type Outcome } from '../rig/execute.ts';
import type { RunningJail } from '../rig/jail.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { story, type Teller } from '../rig/story.ts';
import { untilThere } from '../rig/gate.ts';
import { until } from '../rig/until.ts';

/** The file, as an object: JSON is YAML. */
export interface FileBody {
  include?: string[];
  defaults?: object;
  settings?: object;
  jails: Record<string, { pid?: string | number; probes: Record<string, object> }>;
}

/** Where the commands of a story leave their traces: a folder of the host's. */
export interface Traces {
  readonly dir: string;
  path(name: string): string;
  /** A shell command that writes a line. What the shell expands in it is expanded. */
  says(line: string): string;
  /** A shell command that waits until the story opens the gate. */
  waits(gate?: string): string;
  open(gate?: string): void;
  /** All lines that commands have written. */
  lines(): Promise<string[]>;
  /** Waits until there are so many lines, and returns them. */
  reach(count: number): Promise<string[]>;
}

/** One jail `web`, one daemon. */
export interface Scene extends Traces {
  readonly jail: RunningJail;
  readonly host: Daemon;
  /** The file as it is now; change it and give it to `write`. */
  readonly file: FileBody;
  /** Puts the changed file in its place and waits for nothing. */
  write(change: (file: FileBody) => void): Promise<void>;
  /** Writes the changed file where it stands, and keeps the daemon from taking it over by itself until `reload` has. */
  reload(change: (file: FileBody) => void, ...options: readonly string[]): Promise<Outcome>;
  /** The request, as it is made inside: exactly that title. */
  hup(title?: string, uid?: number): Promise<Outcome>;
}

export type Probes = Record<string, object>;

/** A suite whose stories need namespaces, each with a time limit. */
export function stories(name: string, unless: string | undefined = unshared.available()) {
  const suite = createSuite(name);
  return {
    tell(what: string, how: (t: Teller) => Promise<void>, seconds = 80): void {
      story(suite, `${name}: ${what}`, { seconds, unless }, how);
    },
    run: (): void => suite.run(),
  };
}

/** Where commands can leave traces, before anything runs. */
export async function traces(t: Teller): Promise<Traces> {
  const dir = join(t.dir, 'traces');
  await mkdir(dir, { mode: 0o700, recursive: true });
  const path = (name: string): string => join(dir, name);
  const lines = async (): Promise<string[]> =>
    existsSync(path('lines')) ? (await readFile(path('lines'), 'utf8')).split('\n').filter(Boolean) : [];
  return {
    dir,
    path,
    says: (line) => `echo "${line}" >>${path('lines')}`,
    waits: (gate = 'gate') => untilThere(path(gate)),
    open: (gate = 'gate') => appendFileSync(path(gate), ''),
    lines,
    reach: (count) =>
      until(
        async () => {
          const now = await lines();
          return now.length >= count ? now : undefined;
        },
        `commands have written ${count} lines`,
        { last: lines },
      ),
  };
}

/** Starts a jail `web` and a daemon that has these probes for it. Commands left at a gate are ended soon. */
export async function scene(
  t: Teller,
  probes: (at: Traces) => Probes,
  { settings, ...options }: DaemonOptions & { settings?: object } = {},
): Promise<Scene> {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const file: FileBody = {
    settings: { grace: '300ms', ...settings },
    jails: { web: { pid: pidfileOf(jail), probes: probes(at) } },
  };
  const host = await daemon(t, JSON.stringify(file), options);
  const write = async (change: (file: FileBody) => void): Promise<void> => {
    change(file);
    await host.edit(JSON.stringify(file));
  };
  return {
    ...at,
    jail,
    host,
    file,
    write,
    reload: async (change, ...options) => {
      change(file);
      return restless(host.config, JSON.stringify(file), () => host.cli('reload', ...options));
    },
    hup: (title = 'BUTTON', uid) => hup(jail, title, uid),
  };
}

/** Writes a file in place and never leaves it still while something is done: by itself nobody reads it so long. */
export async function restless<T>(path: string, text: string, act: () => Promise<T>): Promise<T> {
  await writeFile(path, text);
  const touch = setInterval(() => utimesSync(path, new Date(), new Date()), 50);
  return act().finally(() => clearInterval(touch));
}

/** The probes of jail `web`. */
export function probesOf(file: FileBody): Probes {
  const web = file.jails['web'];
  if (!web) throw new Error('the file has no jail web');
  return web.probes;
}

export function pidfileOf(jail: RunningJail): string {
  return jail.where.replace(/^pid: /, '');
}

/** Asks inside for one thing: who has exactly this title. */
export function hup(jail: RunningJail, title: string, uid?: number, signal = 'HUP'): Promise<Outcome> {
  return jail.run(
    ['/usr/bin/pkill', `-${signal}`, '-f', `^${title}( \\[.*\\])?$`],
    uid === undefined ? {} : { uid },
  );
}

/** kill -9 of the keeper, and waits until the daemon has another. */
export async function killKeeper({ host }: Scene): Promise<void> {
  const { keeper } = await host.status();
  process.kill(keeper?.pid ?? 0, 'SIGKILL');
  await until(async () => {
    const now = (await host.status()).keeper;
    return now !== undefined && now.pid !== keeper?.pid;
  }, 'there is another keeper');
}

/** The program with nothing of the rig's: for what fails, and for other daemons than the story's. */
export function jaildaemon(args: readonly string[], options: ExecuteOptions = {}): Promise<Outcome> {
  return execute(process.execPath, [PROGRAM, ...args], options);
}

/** The options that name everything a daemon has. */
export function pathsOf(host: Daemon): string[] {
  const own = { config: host.config, state: host.state, socket: host.socket };
  const more = { pidfile: join(host.dir, 'pid'), log: join(host.dir, 'log') };
  return Object.entries({ ...own, ...more }).flatMap(([name, path]) => [`--${name}`, path]);
}

export async function put(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
}
