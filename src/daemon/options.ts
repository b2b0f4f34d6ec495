import type { Precious } from '../config/enclosed.ts';
import type { LogFormat } from '../log.ts';

/** How a daemon was asked to run; every path absolute. */
export interface DaemonOptions {
  readonly config: string;
  /** The file was named; else a default that does not exist means "nothing declared". */
  readonly configNamed: boolean;
  readonly state: string;
  readonly socket: string;
  readonly pidfile: string;
  /** `stderr`, `syslog` or a file. */
  readonly log: string;
  readonly logFormat: LogFormat;
  /** A descriptor that is told when the daemon is ready, or why it is not. */
  readonly readyFd?: number;
}

/** What must not lie where a jail's root could change it; the configuration itself is known to who loads it. */
export function ownFiles({ state, socket, pidfile, log }: DaemonOptions): Precious[] {
  return [
    { what: 'the state directory', path: state },
    { what: 'the control socket', path: socket },
    { what: 'the pidfile', path: pidfile },
    ...(log.startsWith('/') ? [{ what: 'the log', path: log }] : []),
  ];
}
