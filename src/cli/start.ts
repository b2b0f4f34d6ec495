import { resolve } from 'node:path';
import { refuseSecondDaemon } from '../daemon/control-socket.ts';
import type { DaemonOptions } from '../daemon/options.ts';
import { DEFAULTS } from '../defaults.ts';
import type { Signals } from '../signals.ts';
import { startDetached } from './detach.ts';

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
  if (options['foreground'] !== true) {
    await refuseSecondDaemon(wanted.socket, wanted.pidfile);
    signals.release();
    return startDetached(wanted);
  }
  // Only here: who waits for a daemon needs none of its parts.
  const { beDaemon } = await import('./foreground.ts');
  return beDaemon(wanted, signals, version);
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
