import { Complaint, EXIT } from '../control/protocol.ts';
import { traceOf } from '../reason.ts';
import { holdSocket } from './control-guard.ts';
import type { Hello } from './control-socket.ts';
import { openLog } from './log-sink.ts';
import type { DaemonOptions } from './options.ts';
import { checkSocketLengths, prepareStateDirectory, refuseUntrustedWay } from './paths.ts';
import { claimPidfile, type Pidfile } from './pidfile.ts';
import { run, type RunningDaemon } from './run.ts';
import { claimState } from './state-claim.ts';

/** A daemon that runs. */
export interface Daemon extends RunningDaemon {
  /** SIGUSR2. */
  reopenLog(): void;
  /** Resolves with the exit code when it has ended. */
  readonly ended: Promise<number>;
}

/**
 * Claims the socket and the pidfile, then starts the daemon behind them.
 *
 * @param asked aborted when the daemon is to end while it still starts: then it arms nothing and waits for nothing
 * @param version this package's, told by `status`
 * @throws Complaint: another daemon runs, a broken file without a keeper to go on with, a directory that is not ours
 */
export async function startDaemon(
  options: DaemonOptions,
  version: string,
  asked: AbortSignal,
): Promise<Daemon> {
  checkSocketLengths(options.socket, options.state);
  for (const path of [options.state, options.socket, options.pidfile]) refuseUntrustedWay(path);
  prepareStateDirectory(options.state);
  const log = openLog(options.log, options.logFormat);
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => (end = resolve));
  const hello = async (): Promise<Hello> => ({ pid: process.pid, version, state: options.state });
  const socket = await holdSocket(options.socket, options.pidfile, hello, {
    failed: (error) => log.say('error', 'a request failed', traceOf(error)),
    gone: (why) => log.say('error', `${options.socket} is gone, and cannot be made again`, why),
    lost() {
      log.say('error', `another daemon has taken ${options.socket}; this one ends`);
      end(EXIT.busy);
    },
  });
  let pidfile: Pidfile | undefined;
  try {
    await claimState(options.state, options.socket);
    const claimed = (pidfile = claimPidfile(options.pidfile));
    const superseded = ended.then((code): never => {
      throw new Complaint(
        code === EXIT.busy ? EXIT.busy : EXIT.failed,
        'another daemon has taken over while this one started',
      );
    });
    superseded.catch(() => {}); // only of interest while it starts
    const starting = run({ options, version, socket, pidfile: claimed, log, end, asked });
    const daemon = await Promise.race([starting, superseded]);
    return { ...daemon, reopenLog: () => log.reopen(), ended };
  } catch (error) {
    pidfile?.remove();
    socket.close();
    throw error;
  }
}
