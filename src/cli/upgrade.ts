import { ask } from '../control/client.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import type { DaemonOptions } from '../daemon/options.ts';
import type { ProbeStatus } from '../history/status.ts';
import { startDetached } from './detach.ts';
import type { Common } from './common.ts';
import { print, printJson } from './render.ts';
import { untilEnded } from './until-ended.ts';
import { asJson, asText, type Head, type Snapshot } from './upgrade-report.ts';

/** The daemon's last words. */
interface Left {
  readonly pid: number;
  readonly foreground: boolean;
  readonly options: DaemonOptions;
  readonly unrecorded?: string;
}

/** A supervisor may rest before it starts again what has ended, and a start takes its time, ms. */
const SUCCESSOR_WITHIN = 60_000;
const LOOK_EVERY = 100;

/**
 * `upgrade`: the daemon that runs ends and leaves keeper, probes and commands; the one that follows is of this program's
 * version. A keeper of another protocol is replaced by it, and with `--keeper` any is.
 */
export async function upgrade(
  { socket, json }: Common,
  { keeper = false }: { keeper?: boolean },
): Promise<number> {
  const before = await take(socket);
  const left = await askToLeave(socket, before.daemon);
  if (left.unrecorded !== undefined)
    process.stderr.write(
      `jaildaemon: warning: the history cannot be written (${left.unrecorded}); its triggers stay with the keeper\n`,
    );
  if (!(await untilEnded(left.pid)))
    throw new Complaint(
      EXIT.failed,
      `the daemon, pid ${left.pid}, has left its keeper, but does not end`,
      `"kill -KILL ${left.pid}" is safe; then start it again as before`,
    );
  if (left.foreground) await untilSuccessor(socket, left.pid);
  else await startAgain(left.options);
  if (keeper && (await take(socket)).keeper?.pid === before.keeper?.pid)
    await ask(socket, { verb: 'replace-keeper' });
  const after = await take(socket);
  if (json) await printJson(asJson(before, after));
  else await print(asText(before, after));
  return EXIT.ok;
}

async function take(socket: string): Promise<Snapshot> {
  const probes = new Map<string, ProbeStatus>();
  const head = await ask<Head>(socket, { verb: 'status' }, (rows: readonly ProbeStatus[]) => {
    for (const probe of rows) probes.set(probe.id, probe);
  });
  return { ...head, probes };
}

async function askToLeave(socket: string, { pid, version }: Head['daemon']): Promise<Left> {
  try {
    return await ask<Left>(socket, { verb: 'upgrade' });
  } catch (error) {
    if (!(error instanceof Complaint) || error.code !== EXIT.usage) throw error;
    throw new Complaint(
      EXIT.failed,
      `the daemon that runs, pid ${pid}, version ${version}, does not know "upgrade" yet; nothing was changed`,
      `"kill -KILL ${pid}" is safe: keeper, probes and commands go on. Then start it as before, with "jaildaemon -D"; a supervisor does so by itself`,
    );
  }
}

async function startAgain(options: DaemonOptions): Promise<void> {
  const code = await startDetached(options);
  if (code === EXIT.ok) return;
  throw new Complaint(
    code as Complaint['code'],
    'the older daemon has ended, and this one could not be started; keeper, probes and commands go on',
    'mend what it says above, and start it as before, with "jaildaemon -D"',
  );
}

/** Whoever supervises a daemon in the foreground starts the next one. */
async function untilSuccessor(socket: string, pid: number): Promise<void> {
  const until = Date.now() + SUCCESSOR_WITHIN;
  while (Date.now() < until) {
    if (await anotherAnswers(socket, pid)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
  throw new Complaint(
    EXIT.unavailable,
    `the daemon, pid ${pid}, ran in the foreground and has ended; nobody has started another within ${SUCCESSOR_WITHIN / 1000} s`,
    'start it as before, by its supervisor or with "jaildaemon -D"; keeper, probes and commands go on',
  );
}

async function anotherAnswers(socket: string, pid: number): Promise<boolean> {
  try {
    return (await take(socket)).daemon.pid !== pid;
  } catch (error) {
    const soon: readonly number[] = [EXIT.unavailable, EXIT.busy];
    if (error instanceof Complaint && soon.includes(error.code)) return false;
    throw error;
  }
}
