import { writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Complaint, EXIT } from '../control/protocol.ts';
import { startDaemon, type Daemon } from '../daemon/daemon.ts';
import { ConfigComplaint } from '../daemon/first-standing.ts';
import type { DaemonOptions } from '../daemon/options.ts';
import { printable } from '../printable.ts';
import type { EarlySignal, Signals } from '../signals.ts';
import { complaintText } from './render.ts';

const FAULTS = ['uncaughtException', 'unhandledRejection'] as const;
/** The exit code of a fault of ours, EX_SOFTWARE. */
const SOFTWARE = 70;

/** What the detached daemon tells over its ready descriptor, as one line of JSON. */
export type News =
  | { readonly ready: true; readonly warning?: string }
  | { readonly code: number; readonly text: string };

/** Is the daemon, until it ends; tells whoever started it when it is ready, or why it is not. */
export async function beDaemon(options: DaemonOptions, signals: Signals, version: string): Promise<number> {
  // A daemon sits idle for weeks: half the memory is worth more than a faster young generation.
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--optimize-for-size');
  const tell = (news: News): void => {
    if (options.readyFd !== undefined) {
      try {
        writeSync(options.readyFd, `${JSON.stringify(news)}\n`);
      } catch {
        // Who had started it was interrupted; the daemon is there all the same.
      }
    } else if ('code' in news) process.stderr.write(news.text);
  };
  let daemon: Daemon | undefined;
  const asked = new AbortController();
  const early = new Set<EarlySignal>();
  const heed = (signal: EarlySignal): void => {
    if (signal === 'SIGTERM' || signal === 'SIGINT') asked.abort();
    if (!daemon) early.add(signal);
    else if (signal === 'SIGTERM' || signal === 'SIGINT') void daemon.stop();
    else if (signal === 'SIGHUP') daemon.reload();
    else if (signal === 'SIGUSR2') daemon.reopenLog();
  };
  signals.handle(heed);
  const broken = (error: unknown): void => {
    void failure(error).then(({ text }) => {
      tell({ code: SOFTWARE, text });
      process.exit(SOFTWARE);
    });
  };
  for (const fault of FAULTS) process.on(fault, broken);
  try {
    await refuseDebugger();
    daemon = await startDaemon(options, version, asked.signal);
  } catch (error) {
    const { code, text } = await failure(error);
    tell({ code, text });
    process.exit(code);
  }
  const running = daemon;
  for (const fault of FAULTS) process.off(fault, broken).on(fault, (error) => running.fail(error));
  if (asked.signal.aborted)
    tell({ code: EXIT.busy, text: 'jaildaemon: the daemon was told to end before it was ready\n' });
  else tell({ ready: true, ...(running.warning !== undefined && { warning: running.warning }) });
  // What was asked of it while it started: what it has read or opened by then may be older than that.
  for (const signal of early) heed(signal);
  process.exit(await running.ended);
}

/** @throws Complaint when SIGUSR1 came before the first line of ours ran: then Node listens for debuggers */
async function refuseDebugger(): Promise<void> {
  const inspector = await import('node:inspector');
  const asked = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) =>
    option.includes('--inspect'),
  );
  if (inspector.url() !== undefined && !asked)
    throw new Complaint(
      EXIT.failed,
      'a SIGUSR1 opened Node’s debugger before the daemon had started; it will not run so',
      'start it again',
    );
}

async function failure(error: unknown): Promise<{ code: number; text: string }> {
  if (error instanceof ConfigComplaint) {
    const { formatDiagnostics } = await import('../config/format.ts');
    return {
      code: error.code,
      text: `${formatDiagnostics(error.result.diagnostics)}${complaintText(error)}`,
    };
  }
  if (error instanceof Complaint) return { code: error.code, text: complaintText(error) };
  return {
    code: EXIT.failed,
    text: `jaildaemon: ${error instanceof Error ? stackOf(error) : printable(String(error))}\n`,
  };
}

function stackOf({ stack, message }: Error): string {
  return (stack ?? message).split('\n').map(printable).join('\n');
}
