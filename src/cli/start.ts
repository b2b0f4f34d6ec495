import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Complaint, EXIT } from '../control/protocol.ts';
import { startDaemon } from '../daemon/daemon.ts';
import { refuseSecondDaemon } from '../daemon/control-socket.ts';
import { ConfigComplaint } from '../daemon/first-standing.ts';
import { DEFAULTS, type DaemonOptions } from '../daemon/options.ts';
import type { Signals } from '../signals.ts';

/**
 * `-D`: asks whether another daemon runs, detaches, and returns when the new one is ready or has failed, with its
 * error and its exit code. `--foreground`: is the daemon.
 */
export async function start(
  options: Record<string, unknown>,
  signals: Signals,
  version: string,
): Promise<number> {
  const wanted = readOptions(options);
  return options['foreground'] === true ? beDaemon(wanted, signals, version) : detach(wanted, signals);
}

function readOptions(options: Record<string, unknown>): DaemonOptions {
  const path = (name: keyof typeof DEFAULTS): string =>
    resolve((options[name] as string | undefined) ?? DEFAULTS[name]);
  const named = options['log'] as string | undefined;
  const log = named ?? (options['foreground'] === true ? 'stderr' : DEFAULTS.log);
  const readyFd = options['readyFd'] as string | undefined;
  return {
    config: path('config'),
    configNamed: options['config'] !== undefined,
    state: path('state'),
    socket: path('socket'),
    pidfile: path('pidfile'),
    log: log === 'stderr' || log === 'syslog' ? log : resolve(log),
    logFormat: options['logFormat'] === 'json' ? 'json' : 'text',
    ...(readyFd !== undefined && { readyFd: Number(readyFd) }),
  };
}

/** What the detached daemon tells over its ready descriptor, as one line of JSON. */
type News = { readonly ready: true } | { readonly code: number; readonly text: string };

async function detach(options: DaemonOptions, signals: Signals): Promise<number> {
  await refuseSecondDaemon(options.socket, options.pidfile);
  signals.release();
  const main = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : '../main.js', import.meta.url),
  );
  const args = [
    '-D',
    '--foreground',
    '--ready-fd',
    '3',
    '-f',
    options.socket,
    '-p',
    options.pidfile,
    '--state',
    options.state,
  ];
  if (options.configNamed) args.push('--config', options.config);
  args.push('--log', options.log, '--log-format', options.logFormat);
  const toStderr = options.log === 'stderr' ? 'inherit' : 'ignore';
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
    cwd: '/',
    env: environment(),
    detached: true,
    stdio: ['ignore', 'ignore', toStderr, 'pipe'],
  });
  const pipe = child.stdio[3] as NodeJS.ReadableStream;
  let text = '';
  pipe.setEncoding('utf8');
  for await (const piece of pipe) {
    text += piece as string;
    if (text.endsWith('\n')) break;
  }
  child.unref();
  if (text === '')
    throw new Complaint(
      EXIT.failed,
      'the daemon ended before it was ready',
      `its log may say why: ${options.log}`,
    );
  const news = JSON.parse(text) as News;
  if ('ready' in news) return EXIT.ok;
  process.stderr.write(news.text);
  return news.code;
}

/** The daemon's environment is built from nothing: what the caller has in its own must not reach root's commands. */
function environment(): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: process.getuid?.() === 0 ? '/root' : (process.env['HOME'] ?? '/'),
  };
  for (const name of ['TZ', 'LANG']) if (process.env[name] !== undefined) kept[name] = process.env[name];
  return kept;
}

async function beDaemon(options: DaemonOptions, signals: Signals, version: string): Promise<number> {
  // A daemon sits idle for weeks: half the memory is worth more than a faster young generation.
  setFlagsFromString('--max-semi-space-size=1');
  setFlagsFromString('--optimize-for-size');
  await refuseDebugger();
  const tell = (news: News): void => {
    if (options.readyFd !== undefined) writeSync(options.readyFd, `${JSON.stringify(news)}\n`);
    else if ('code' in news) process.stderr.write(news.text);
  };
  let daemon;
  try {
    daemon = await startDaemon(options, version);
  } catch (error) {
    const { code, text } = await failure(error);
    tell({ code, text });
    process.exit(code);
  }
  const running = daemon;
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(fault, (error) => running.fail(error));
  tell({ ready: true });
  signals.handle((signal) => {
    if (signal === 'SIGHUP') running.reload();
    else if (signal === 'SIGUSR2') running.reopenLog();
    else if (signal === 'SIGTERM' || signal === 'SIGINT') void running.stop();
  });
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
      text: `${formatDiagnostics(error.result.diagnostics)}jaildaemon: ${error.message}\n  ${error.hint}\n`,
    };
  }
  if (error instanceof Complaint)
    return {
      code: error.code,
      text: `jaildaemon: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`,
    };
  return {
    code: EXIT.failed,
    text: `jaildaemon: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  };
}
