import { accessSync, constants, existsSync, lstatSync, mkdirSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { walk } from '../config/trust.ts';
import { Complaint, EXIT, MAX_SOCKET_PATH } from '../control/protocol.ts';

/** The longest name that the keeper adds below the state directory: `/keeper.0123abcd.sock`. */
const KEEPER_SOCKET = '/keeper.00000000.sock'.length;

/** Refuses socket paths that the system would cut: two daemons could then share a socket. @throws Complaint (usage) */
export function checkSocketLengths(socket: string, stateDirectory: string): void {
  for (const [path, length] of [
    [socket, Buffer.byteLength(socket)],
    [`${stateDirectory}/keeper.….sock`, Buffer.byteLength(stateDirectory) + KEEPER_SOCKET],
  ] as const) {
    if (length > MAX_SOCKET_PATH)
      throw new Complaint(
        EXIT.usage,
        `${path} has ${length} bytes; a socket's path may have ${MAX_SOCKET_PATH}`,
        'choose a shorter directory',
      );
  }
}

/**
 * Refuses a place in a directory that somebody else could exchange: what we then read there, or unlink, would be his to
 * choose. A sticky directory is no danger to what is ours in it.
 *
 * @throws Complaint (not permitted)
 */
export function refuseUntrustedWay(path: string): void {
  let directory = dirname(path);
  while (!existsSync(directory)) directory = dirname(directory);
  const [fault] = walk(directory, process.getuid?.() ?? 0).faults;
  if (fault)
    throw new Complaint(
      EXIT.notPermitted,
      `${path} cannot be trusted: ${fault.path} ${fault.why}`,
      `${fault.hint}, or choose another place`,
    );
}

/**
 * Makes the state directory, or takes the one that is there: it must be a directory of ours that nobody else may enter.
 *
 * @throws Complaint (not permitted)
 */
export function prepareStateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Complaint(
      EXIT.notPermitted,
      `cannot make the state directory: ${(error as Error).message}`,
      'choose another one with --state',
    );
  }
  const stats = lstatSync(path);
  const uid = process.getuid?.() ?? 0;
  if (!stats.isDirectory())
    throw new Complaint(
      EXIT.notPermitted,
      `${path} is no directory`,
      'choose another state directory with --state',
    );
  if (stats.uid !== uid)
    throw new Complaint(
      EXIT.notPermitted,
      `the state directory ${path} belongs to uid ${stats.uid}, not to uid ${uid}`,
      'choose another one with --state',
    );
  if ((stats.mode & 0o077) !== 0)
    throw new Complaint(
      EXIT.notPermitted,
      `the state directory ${path} has mode 0${(stats.mode & 0o777).toString(8)}: others may enter it`,
      `chmod 0700 ${path}`,
    );
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Complaint(
      EXIT.notPermitted,
      `the state directory ${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
      'mount its file system for writing, or choose another one with --state',
    );
  }
}

/**
 * What stands in a place of ours must be what an earlier daemon left there.
 *
 * @throws Complaint (not permitted) for a symlink, a directory, or what belongs to somebody else
 */
export function refuseOther(path: string, stats: Stats, kind: 'socket' | 'file'): void {
  const right = kind === 'socket' ? stats.isSocket() : stats.isFile();
  const uid = process.getuid?.() ?? 0;
  if (!right)
    throw new Complaint(
      EXIT.notPermitted,
      `${path} is in the way: it is ${stats.isSymbolicLink() ? 'a symlink' : `no ${kind}`}`,
      'look who made it, and remove it',
    );
  if (stats.uid !== uid && uid !== 0)
    throw new Complaint(EXIT.notPermitted, `${path} is in the way: it belongs to uid ${stats.uid}`);
}
