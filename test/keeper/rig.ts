import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createFrameReader, encodeFrame, type Fields } from '../../src/keeper/frame.ts';
import { openMarkers } from '../../src/keeper/markers.ts';
import { isAlive, killExactly, startOf } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';

/** The keeper as it is built, or one built to be watched closely: see test/fuzz. */
export const KEEPER =
  process.env['JAILDAEMON_TEST_KEEPER'] ?? join(import.meta.dirname, '../../dist/keeper/keeper');

/** A message of the keeper's: its verb, and its fields with the last of those that are repeated. */
export interface Told {
  readonly verb: string;
  readonly [field: string]: string;
}

const EVENTS = [
  'armed',
  'held',
  'died',
  'failed',
  'spent',
  'removed',
  'gone',
  'fired',
  'started',
  'finished',
];

/** One connection to a keeper, which speaks nothing but frames. */
export class Client {
  /** Everything that was told, in order. */
  readonly told: Told[] = [];
  /** The processes of all commands that were told of, with their start times then. */
  readonly commands = new Map<number, string>();
  readonly runs = new Map<string, readonly string[]>();
  readonly socket: Socket;
  /** What a story does about everything that is told, at once. */
  onTold?: (told: Told) => void;
  ended = false;
  #ref = 0;
  #seen = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    const read = createFrameReader();
    socket.on('data', (piece) => {
      for (const frame of read(piece)) {
        const fields: Record<string, string> = {};
        for (const [name, values] of frame.fields) fields[name] = values.at(-1) ?? '';
        // `refused` has a field of that name: which order it was.
        const told: Told = {
          ...fields,
          verb: frame.verb,
          ...(fields['verb'] ? { order: fields['verb'] } : {}),
        };
        this.told.push(told);
        if (told.verb === 'started') this.commands.set(Number(told['pid']), startOf(Number(told['pid'])));
        this.onTold?.(told);
        if (frame.verb === 'record') this.runs.set(told['key'] ?? '', frame.fields.get('run') ?? []);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => (this.ended = true));
  }

  send(verb: string, fields: Fields = {}): void {
    this.socket.write(encodeFrame(verb, fields));
  }

  /** Orders and waits for the answer, which must be a refusal or not as the caller says. */
  async order(verb: string, fields: Fields = {}, answer = 'ok'): Promise<Told> {
    const ref = String(++this.#ref);
    this.send(verb, { ref, ...fields });
    const told = await until(() => this.told.find((told) => told['ref'] === ref), `${verb} is answered`, {
      last: () => this.told.slice(-5),
    });
    if (told.verb !== answer) throw new Error(`${verb}: ${JSON.stringify(told)} instead of ${answer}`);
    return told;
  }

  events(verb?: string, key?: string): Told[] {
    return this.told.filter(
      (told) =>
        (verb === undefined ? EVENTS.includes(told.verb) : told.verb === verb) &&
        (key === undefined || told['key'] === key),
    );
  }

  /** The next event of this kind that no call has returned yet. */
  async next(verb: string, key?: string, seconds = 10): Promise<Told> {
    const found = await until(
      () => {
        for (let at = this.#seen; at < this.told.length; at++) {
          const told = this.told[at];
          if (told?.verb === verb && (key === undefined || told['key'] === key)) return { at, told };
        }
        return undefined;
      },
      `the keeper tells ${verb} of ${key ?? 'anything'}`,
      { seconds, last: () => this.told.slice(-8) },
    );
    this.#seen = found.at + 1;
    return found.told;
  }

  /** All records, as `list` tells them. */
  async list(): Promise<Map<string, Told>> {
    const from = this.told.length;
    this.runs.clear();
    this.send('list');
    const listed = await until(
      () => this.told.slice(from).find(({ verb }) => verb === 'listed'),
      'the list is whole',
    );
    const records = this.told.slice(from).filter(({ verb }) => verb === 'record');
    if (records.length !== Number(listed['records']))
      throw new Error('the list does not count what it holds');
    return new Map(records.map((record) => [record['key'] ?? '', record]));
  }

  async reaches(key: string, state: string): Promise<Told> {
    let last: Told | undefined;
    return until(
      async () => {
        last = (await this.list()).get(key);
        return last?.['state'] === state ? last : undefined;
      },
      `${key} is ${state}`,
      { last: () => last },
    );
  }

  /** Ends the command of this trigger, once it has begun: TERM to its group. */
  async endCommand(id: string | undefined): Promise<void> {
    const began = (told: Told): boolean => told.verb === 'started' && told['id'] === id;
    const pid = Number((await until(() => this.told.find(began), `${id} is started`))['pid']);
    signalGroup({ pid, start: this.commands.get(pid) ?? '' }, 'SIGTERM');
  }

  close(): void {
    this.socket.destroy();
  }
}

/** The real keeper, with a state directory of the story's own. */
export interface Keeper {
  readonly pid: number;
  readonly epoch: string;
  readonly state: string;
  readonly client: Client;
  /** Another connection; it says hello unless told not to. */
  readonly connect: (hello?: boolean) => Promise<Client>;
  readonly output: (id: string) => Promise<string>;
  /** Kills it, and waits until it is gone. */
  readonly kill: () => Promise<void>;
}

export interface KeeperOptions {
  /** What runs it, such as `setpriv …`. */
  readonly by?: readonly string[];
  readonly state?: string;
  /** A keeper of another version, see `keeperOfVersion`. */
  readonly program?: string;
  /** What the stories' own client says in its hello. */
  readonly version?: number;
}

export async function keeper(
  t: Teller,
  { by = [], state = join(t.dir, 's'), program = KEEPER, version = 2 }: KeeperOptions = {},
): Promise<Keeper> {
  await mkdir(state, { mode: 0o700, recursive: true });
  const child = spawn(by[0] ?? program, by.length > 0 ? [...by.slice(1), program, state] : [state], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => said.endsWith('\n') || child.exitCode !== null, 'the keeper is ready', {
    last: () => said,
  });
  const epoch = /^ready ([0-9a-f]{8})\n$/.exec(said)?.[1];
  if (epoch === undefined || child.pid === undefined) throw new Error(`the keeper said: ${said}`);
  const pid = child.pid;
  const start = startOf(pid);
  const clients: Client[] = [];

  t.defer('end the keeper', async () => {
    for (const client of clients) client.close();
    // Commands and their scribes outlive a keeper, as they should; a story's must not outlive the story.
    const children = await childrenOf(pid);
    await killExactly(pid, start);
    for (const one of [...children, ...marked(state)]) signalGroup(one, 'SIGKILL');
    child.unref();
  });
  const connect = async (hello = true): Promise<Client> => {
    const socket = createConnection(join(state, `keeper.${epoch}.sock`));
    await once(socket, 'connect');
    const client = new Client(socket);
    clients.push(client);
    if (hello) {
      client.send('hello', { version });
      await until(() => client.told.find(({ verb }) => verb === 'hello'), 'the keeper says hello');
    }
    return client;
  };
  const client = await connect();
  t.onFailure(() => `told last: ${JSON.stringify(client.told.slice(-12), undefined, 1)}`);
  return {
    pid,
    epoch,
    state,
    client,
    connect,
    output: (id) => readFile(join(state, 'output', id), 'utf8'),
    kill: async () => {
      await killExactly(pid, start);
    },
  };
}

/** How the keeper enters a jail by its first process. */
export function byPid(pid: number): Fields {
  return { enter: 'pid', instance: `life-${pid}`, pid: String(pid), start: startOf(pid) };
}

/** How the keeper enters a directory. */
export function byChroot(root: string): Fields {
  const { dev, ino } = statSync(root, { bigint: true });
  return { enter: 'chroot', instance: `dir-${ino}`, root, dev: String(dev), ino: String(ino) };
}

/** A whole definition. What a story is about it says itself. */
export function definition(key: string, title: string, where: Fields, more: Fields = {}): Fields {
  return {
    key,
    tag: 'tag-1',
    title,
    uid: '0',
    gid: '0',
    ...where,
    respawn: 'after',
    receipt: '0',
    arg: ['/bin/sh', '-c', 'echo ran'],
    env: ['PATH=/usr/bin:/bin'],
    cwd: '/',
    timeout: '0',
    kill_after: '10000',
    cooldown: '0',
    concurrency: '10',
    output: '65536',
    ...more,
  };
}

export function kill(pid: number | string, signal: NodeJS.Signals): void {
  process.kill(Number(pid), signal);
}

/** Whether the process that an event told of is gone, reaped included. */
export function isGone(pid: number | string): boolean {
  return startOf(Number(pid)) === '';
}

export { isAlive };

/** A process that was seen: its pid alone may be another's by the time that it is used. */
interface Seen {
  readonly pid: number;
  readonly start: string;
}

async function childrenOf(pid: number): Promise<Seen[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number).map(seen);
}

/** The commands that a keeper which is gone already has left running, by their markers; these outlast commands that have ended. */
function marked(state: string): Seen[] {
  const markers = openMarkers(state);
  const left = markers.leftByOthers(new Set());
  return left.filter((one) => markers.lives(one)).map(({ pid }) => seen(pid));
}

function seen(pid: number): Seen {
  return { pid, start: startOf(pid) };
}

/** To the process, if it is still the one that was seen, and to the group that it leads, if it does. */
function signalGroup({ pid, start }: Seen, signal: NodeJS.Signals): void {
  // No process has the number 0, nor none at all, which kill(2) would take for our own group.
  if (start === '' || startOf(pid) !== start) return;
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
    } catch {
      // it has ended already, or leads no group
    }
  }
}
