import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Part } from './lines.ts';

/** What every line of a trigger that was fired begins with. */
export const FIRED = '{"t":"fired"';

/** Makes it if it is not there. */
export function openForAppend(path: string): number {
  return openFile(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
}

/** Waits for nobody: what was put there may be a FIFO. @throws the system's error, or that it is no file */
function openFile(path: string, flags: number): number {
  const fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} is no file`);
}

/** As it is now: what is appended later is not part of it. None where there is no file. */
export function openForReading(path: string): readonly Part[] {
  try {
    const fd = openFile(path, constants.O_RDONLY);
    return [{ fd, end: fstatSync(fd).size }];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** What an earlier daemon put into the file counts too. In pieces: it may be large. */
export function countTriggers(path: string): number {
  const mark = Buffer.from(FIRED);
  const buffer = Buffer.alloc(65_536);
  const fd = openFile(path, constants.O_RDONLY);
  try {
    let count = 0;
    // The end of a piece is looked at again with the next one: a mark may lie across.
    for (let at = 0, got = buffer.length; got === buffer.length; at += got - mark.length + 1) {
      got = readSync(fd, buffer, 0, buffer.length, at);
      const piece = buffer.subarray(0, got);
      for (let found = piece.indexOf(mark); found >= 0; found = piece.indexOf(mark, found + 1)) count++;
    }
    return count;
  } finally {
    closeSync(fd);
  }
}
