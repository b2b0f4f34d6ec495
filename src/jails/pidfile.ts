import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { faultOf, walk } from '../config/trust.ts';

/** What a pidfile says. `real` is where it was found in the end, all symlinks resolved. */
export type PidfileReading =
  | { readonly pid: number; readonly real: string }
  | { readonly absent: string }
  | { readonly refused: string };

const LONGEST = 32;

/**
 * Reads a pidfile that somebody else wrote. Opened without following a symlink and without waiting for the other
 * end of a pipe; judged by the open descriptor; then read from it, so that nothing can be exchanged in between. It
 * obeys the rule of the configuration's files, since it decides whose namespaces root enters: it and all above it
 * belong to root or `owner`, and nobody else may write there.
 */
export async function readPidfile(path: string, owner: number): Promise<PidfileReading> {
  let file;
  try {
    file = await open(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return { absent: `no pidfile ${path}` };
    // FreeBSD says EMLINK.
    if (code === 'ELOOP' || code === 'EMLINK') return { refused: `pidfile ${path} is a symbolic link` };
    if (code === 'ENXIO') return { refused: `pidfile ${path} is not a regular file` };
    return { refused: `pidfile ${path} cannot be opened: ${code ?? String(error)}` };
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return { refused: `pidfile ${path} is not a regular file` };
    const way = walk(path, owner);
    const fault = faultOf(path, stat, owner) ?? way.faults[0];
    if (fault !== undefined)
      return { refused: `pidfile ${path} is not to be trusted: ${fault.path} ${fault.why}` };
    if (way.stats.ino !== stat.ino || way.stats.dev !== stat.dev)
      return { absent: `pidfile ${path} is being replaced` };
    const buffer = Buffer.alloc(LONGEST + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > LONGEST) return { refused: `pidfile ${path} is longer than ${LONGEST} bytes` };
    // Writers truncate first and write then: an empty one is a moment's state, not a fault.
    if (bytesRead === 0) return { absent: `pidfile ${path} is empty` };
    // runc, crun and dockerd write no newline.
    const digits = /^([1-9][0-9]{0,9})\n?$/.exec(buffer.toString('latin1', 0, bytesRead))?.[1];
    if (digits === undefined) return { refused: `pidfile ${path} does not hold one pid and nothing else` };
    return { pid: Number(digits), real: way.resolved };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return { absent: `pidfile ${path} was removed` };
    return { refused: `pidfile ${path} cannot be read: ${code ?? String(error)}` };
  } finally {
    await file.close();
  }
}
