import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readCommandLine } from '../command-line.ts';
import { readProcStat } from '../proc-stat.ts';

/** What /proc tells of a probe: texts and links only, nothing below a jail's root is opened. */
export interface ProbeFacts {
  /** Of /proc/PID/status. */
  readonly status: ReadonlyMap<string, string>;
  readonly commandLine: string;
  readonly environment: string;
  /** What each descriptor leads to, and whether it can be written to. */
  readonly descriptors: readonly { readonly leadsTo: string; readonly writable: boolean }[];
  readonly program: string;
  readonly root: string;
  readonly cwd: string;
  /** Namespaces by name: `pid` → `pid:[4026532177]`. */
  readonly namespaces: ReadonlyMap<string, string>;
  readonly session: number;
  /** 0: no controlling terminal. */
  readonly terminal: number;
  readonly uidMap: string;
  readonly gidMap: string;
}

/** Those of namespaces that a process itself lives in; the other two are for children it does not have. */
const OF_CHILDREN = new Set(['pid_for_children', 'time_for_children']);

/** Comes to undefined for a process that has ended meanwhile. Throws EACCES and the like. */
export function readProbe(pid: number): ProbeFacts | undefined {
  const at = `/proc/${pid}`;
  const text = (name: string): string => readFileSync(`${at}/${name}`, 'latin1');
  try {
    const { session, terminal } = readProcStat(pid);
    return {
      status: parseStatus(text('status')),
      commandLine: readCommandLine(pid),
      environment: text('environ'),
      descriptors: readdirSync(`${at}/fd`).map((fd) => ({
        leadsTo: readlinkSync(`${at}/fd/${fd}`),
        writable: (Number.parseInt(/^flags:\t(\d+)/m.exec(text(`fdinfo/${fd}`))?.[1] ?? '0', 8) & 3) !== 0,
      })),
      program: readlinkSync(`${at}/exe`),
      root: readlinkSync(`${at}/root`),
      cwd: readlinkSync(`${at}/cwd`),
      namespaces: readNamespaces(pid),
      session,
      terminal,
      uidMap: text('uid_map'),
      gidMap: text('gid_map'),
    };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The namespaces of a process. Throws ENOENT when it has ended. */
export function readNamespaces(pid: number): Map<string, string> {
  const names = readdirSync(`/proc/${pid}/ns`).filter((name) => !OF_CHILDREN.has(name));
  return new Map(names.map((name) => [name, readlinkSync(`/proc/${pid}/ns/${name}`)]));
}

function parseStatus(text: string): Map<string, string> {
  return new Map(
    text.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}
