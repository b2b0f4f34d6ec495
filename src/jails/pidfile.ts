import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';

/**
 * Why the file, any directory above it or any symlink on the way must not be believed; undefined when they may.
 * The rule is the configuration's (`config/trust.ts`): what names a jail decides whose namespaces root enters.
 */
export type Distrust = (path: string) => string | undefined | Promise<string | undefined>;

/** What a pidfile says. `real` is where it was found in the end, all symlinks resolved. */
export type PidfileReading =
  | { readonly pid: number; readonly real: string }
  | { readonly absent: string }
  | { readonly refused: string };

const LONGEST = 32;

/**
 * Reads a pidfile that somebody else wrote. Opened without following a symlink and without waiting for the other
 * end of a pipe; judged by the open descriptor; then read from it, so that nothing can be exchanged in between.
 */
export async function readPidfile(path: string, distrust: Distrust): Promise<PidfileReading> {
  let file;
  try {
    file = await open(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return { absent: `no pidfile ${path}` };
    if (code === 'ELOOP') return { refused: `pidfile ${path} is a symbolic link` };
    if (code === 'ENXIO') return { refused: `pidfile ${path} is not a regular file` };
    return { refused: `pidfile ${path} cannot be opened: ${code ?? String(error)}` };
  }
  try {
    const stat = await file.stat({ bigint: true });
    if (!stat.isFile()) return { refused: `pidfile ${path} is not a regular file` };
    const doubt = await distrust(path);
    if (doubt !== undefined) return { refused: `pidfile ${path} is not to be trusted: ${doubt}` };
    const buffer = Buffer.alloc(LONGEST + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > LONGEST) return { refused: `pidfile ${path} is longer than ${LONGEST} bytes` };
    // Writers truncate first and write then: an empty one is a moment's state, not a fault.
    if (bytesRead === 0) return { absent: `pidfile ${path} is empty` };
    // runc, crun and dockerd write no newline.
    const digits = /^([1-9][0-9]{0,9})\n?$/.exec(buffer.toString('latin1', 0, bytesRead))?.[1];
    if (digits === undefined) return { refused: `pidfile ${path} does not hold one pid and nothing else` };
    return { pid: Number(digits), real: await realpath(path) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return { absent: `pidfile ${path} was removed` };
    return { refused: `pidfile ${path} cannot be read: ${code ?? String(error)}` };
  } finally {
    await file.close();
  }
}
