import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, writeSync, type Stats } from 'node:fs';
import type { Writable } from 'node:stream';
import { Complaint, EXIT } from '../control/protocol.ts';
import type { Event } from '../event.ts';
import { describe, formatLine, type Level, type LogFormat } from '../log.ts';
import { createRefusedJails } from './refused-jails.ts';

/** Where log lines go: stderr, a file, or syslog through logger(1). */
export interface LogSink {
  log(event: Event): void;
  /** Says something of the daemon itself. */
  say(level: 'info' | 'warn' | 'error', what: string, why?: string): void;
  /** Opens the file again: it was rotated away. */
  reopen(): void;
}

const ORDER: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** Bytes. */
const MOST_UNREAD = 1024 * 1024;

/**
 * @param target `stderr`, `syslog` or a file's path (made 0600, never through a symlink)
 * @throws Complaint (not permitted) when the file cannot be opened
 */
export function openLog(target: string, format: LogFormat, least: Level = 'info'): LogSink {
  let fd = target === 'stderr' || target === 'syslog' ? 2 : openFile(target);
  let logger: ChildProcess | undefined;
  const ofRefusedJails = createRefusedJails();

  function write(text: string): void {
    try {
      if (target === 'syslog') writeTo(syslog().stdin, text);
      else writeSync(fd, `${text}\n`);
    } catch {
      // A log on a full disk: what it says is also in status and history, and the daemon must go on.
    }
  }

  /** A logger(1) that does not read must not cost us all memory. */
  function writeTo(pipe: Writable | null, text: string): void {
    if (pipe && pipe.writableLength < MOST_UNREAD) pipe.write(`${text}\n`);
  }

  function syslog(): ChildProcess {
    if (logger && logger.exitCode === null && logger.signalCode === null) return logger;
    logger = spawn('logger', ['-t', 'jaildaemon', '-p', 'daemon.notice'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    logger.on('error', () => {}); // no logger(1) here: nothing else could be told either
    logger.stdin?.on('error', () => {});
    logger.unref();
    return logger;
  }

  function log(event: Event): void {
    const lines = event.type === 'sighted' ? ofRefusedJails(event) : [describe(event) ?? []].flat();
    for (const line of lines)
      if (ORDER.indexOf(line.level) >= ORDER.indexOf(least)) write(formatLine(line, format));
  }

  const say: LogSink['say'] = (level, what, why) =>
    log({ type: 'daemon', at: Date.now(), level, what, ...(why !== undefined && { why }) });

  return {
    log,
    say,
    reopen() {
      if (target === 'stderr' || target === 'syslog') return;
      try {
        const next = openFile(target);
        closeSync(fd);
        fd = next;
      } catch (error) {
        say('error', 'the log stays where it is', (error as Error).message);
      }
    },
  };
}

function openFile(path: string): number {
  // Without waiting for the reader of a FIFO.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  try {
    const fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
    const fault = faultOf(fstatSync(fd));
    if (fault === undefined) return fd;
    closeSync(fd);
    throw new Error(`${path} ${fault}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ELOOP' ? `${path} is a symlink` : (error as Error).message;
    throw new Complaint(
      EXIT.notPermitted,
      `cannot open the log: ${why}`,
      `${code === 'ENOENT' ? 'make its directory' : 'look who made it'}, or choose another file with --log, or "--log syslog"`,
    );
  }
}

/** Why nothing is written to what was opened: in a directory for all, somebody else may have put it there before. */
function faultOf(stats: Stats): string | undefined {
  const uid = process.getuid?.() ?? 0;
  if (!stats.isFile() && !stats.isCharacterDevice()) return 'is no file';
  if (stats.uid !== 0 && stats.uid !== uid) return `belongs to uid ${stats.uid}`;
  return stats.isFile() && stats.nlink > 1 ? 'is the same file as another name (a hard link)' : undefined;
}
