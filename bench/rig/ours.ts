import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execute, type Outcome } from '../../test/rig/execute.ts';
import { isAlive, killExactly, startOf } from '../../test/rig/proc.ts';
import type { Status } from '../../test/rig/printed.ts';
import { until } from '../../test/rig/until.ts';
import type { ConfigFile } from './file.ts';
import type { Supervisor } from './floor.ts';
import type { Workshop } from './workshop.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/main.js');

/** The real daemon with its keeper; `pid` is the keeper's. */
export interface Ours extends Supervisor {
  readonly daemon: number;
  readonly config: ConfigFile;
  /** A subcommand, as typed; it must succeed. */
  cli(...args: readonly string[]): Promise<Outcome>;
}

/** Starts it as the command line does, and returns when all `count` probes are armed. */
export async function startOurs(workshop: Workshop, config: ConfigFile, count: number): Promise<Ours> {
  const dir = join(workshop.dir, workshop.unique('run'));
  mkdirSync(dir, { mode: 0o700 });
  const [socket, state] = [join(dir, 'sock'), join(dir, 'state')];
  const [pidfile, log] = [join(dir, 'pid'), join(dir, 'log')];
  const run = (args: readonly string[]): Promise<Outcome> =>
    execute(process.execPath, [PROGRAM, ...args, '-f', socket], { seconds: 120 });
  const cli = async (...args: readonly string[]): Promise<Outcome> => succeeded(args, await run(args));
  const status = async (): Promise<Status> => {
    const args = ['status', '--json'];
    const outcome = await run(args);
    return JSON.parse((outcome.code === 3 ? outcome : succeeded(args, outcome)).stdout) as Status; // 3: one failed
  };
  const lacking = ({ probes }: Status): string => {
    const other = probes.find(({ state }) => state !== 'armed');
    const armed = probes.filter(({ state }) => state === 'armed').length;
    const example = other && `; ${other.id} is ${other.state}: ${other.reason ?? 'no reason given'}`;
    return `${armed} of ${count} are armed${example ?? ''}`;
  };
  const areAllArmed = ({ probes }: Status): boolean =>
    probes.length === count && probes.every(({ state }) => state === 'armed');

  const processes = new Map<number, string>();
  let isStarting = false;
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> =>
    (ended ??= (async () => {
      // Ctrl-C ends the command that starts the daemon, and not the daemon.
      if (isStarting) await until(() => existsSync(socket), 'the daemon that was just started has a socket');
      if (existsSync(socket)) await cli('stop').catch((error: unknown) => console.error(String(error)));
      const left = (): [number, string][] =>
        [...processes].filter(([pid, start]) => isAlive(pid) && startOf(pid) === start);
      await until(() => left().length === 0, 'daemon and keeper have ended').catch(async (error: unknown) => {
        console.error(String(error));
        for (const [pid, start] of left()) await killExactly(pid, start);
      });
    })());
  workshop.defer('end our daemon', end);

  isStarting = true;
  const begun = performance.now();
  const args = ['-D', '--config', config.path, '--state', state, '-p', pidfile, '--log', log];
  const outcome = await run(args);
  const returned = performance.now();
  isStarting = outcome.code === null;
  succeeded(args, outcome);
  let seen = await status();
  const { pid: daemon } = seen.daemon;
  const keeper = seen.keeper?.pid;
  if (keeper === undefined) throw new Error('status names no keeper');
  for (const pid of [daemon, keeper]) processes.set(pid, startOf(pid));
  // It should return when all are armed, and not before; if it does not, the time of the asking counts too.
  const startedIn = areAllArmed(seen) ? returned - begun : undefined;
  await until(async () => areAllArmed((seen = await status())), 'all probes are armed', {
    seconds: 60,
    last: () => lacking(seen),
  });
  return { pid: keeper, daemon, startedIn: startedIn ?? performance.now() - begun, config, cli, end };
}

function succeeded(args: readonly string[], outcome: Outcome): Outcome {
  const { code, signal, stderr } = outcome;
  if (code === 0) return outcome;
  throw new Error(`jaildaemon ${args.join(' ')}: ${signal ?? `exit ${code}`}\n${stderr}`);
}
