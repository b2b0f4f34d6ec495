import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Complaint, EXIT } from '../control/protocol.ts';
import type { DaemonOptions } from '../daemon/options.ts';
import { printable } from '../printable.ts';
import type { News } from './foreground.ts';

/**
 * Starts a daemon that is nobody's child, and tells on stderr what it has to say when it is ready or has failed.
 *
 * @returns its exit code; 0: it is ready
 */
export async function startDetached(options: DaemonOptions): Promise<number> {
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
    // rc.subr(8) of the BSDs finds it by this word; process.title would show as "node: …" there.
    argv0: 'jaildaemon',
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
  if ('ready' in news) {
    if (news.warning !== undefined) process.stderr.write(`jaildaemon: warning: ${printable(news.warning)}\n`);
    return EXIT.ok;
  }
  process.stderr.write(news.text);
  return news.code;
}

/** The daemon's environment is built from nothing: what the caller has in its own must not reach root's commands. */
function environment(): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    // glibc's: one arena, and what is free goes back. Parsing ten thousand probes leaves much that is free.
    MALLOC_ARENA_MAX: '1',
    MALLOC_TRIM_THRESHOLD_: '65536',
    HOME: process.getuid?.() === 0 ? '/root' : (process.env['HOME'] ?? '/'),
  };
  for (const name of ['TZ', 'LANG']) if (process.env[name] !== undefined) kept[name] = process.env[name];
  return kept;
}
