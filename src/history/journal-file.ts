import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Part } from './lines.ts';

/** What every line of a trigger that was fired begins with. */
export const FIRED = '{"t":"fired"';

/** Makes it if it is not there. */
export function openForAppend(path: string): number {
  return openSync(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  );
}

/** As it is now: what is appended later is not part of it. Undefined: there is none. */
export function openForReading(path: string): Part | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return { fd, end: fstatSync(fd).size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What an earlier daemon put into the file counts too. In pieces: it may be large. */
export function countTriggers(path: string): number {
  const mark = Buffer.from(FIRED);
  const buffer = Buffer.alloc(65_536);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  let count = 0;
  // The end of a piece is looked at again with the next one: a mark may lie across.
  for (let at = 0, got = buffer.length; got === buffer.length; at += got - mark.length + 1) {
    got = readSync(fd, buffer, 0, buffer.length, at);
    const piece = buffer.subarray(0, got);
    for (let found = piece.indexOf(mark); found >= 0; found = piece.indexOf(mark, found + 1)) count++;
  }
  closeSync(fd);
  return count;
}
