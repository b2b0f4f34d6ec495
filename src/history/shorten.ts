import { constants, renameSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { FIRED } from './journal-file.ts';
import { linesIn, type Part } from './lines.ts';
import { openIfThere } from './open-file.ts';

/** How much history to keep: at most so many triggers and so many bytes, in two files. */
export interface Bounds {
  readonly triggers: number;
  readonly bytes: number;
}

/**
 * Cuts the oldest lines off a file to which nothing is added any more, until it is within these bounds. The rest is
 * written beside it and takes its place, unless another file has taken that meanwhile.
 *
 * @throws the system's error: then the file is as it was
 */
export async function shorten(path: string, most: Bounds): Promise<void> {
  const beside = `${path}.new`;
  await rm(beside, { force: true }); // of a daemon that was killed in the middle of it
  const file = await openIfThere(path);
  if (!file) return;
  try {
    const { size, ino, dev } = await file.stat();
    const start = await startOfNewest({ fd: file.fd, end: size }, most);
    if (start === 0) return;
    try {
      await pipeline(file.createReadStream({ start, autoClose: false }), await writerOf(beside));
      const there = statSync(path, { throwIfNoEntry: false });
      if (there?.ino === ino && there.dev === dev) renameSync(beside, path);
    } finally {
      await rm(beside, { force: true });
    }
  } finally {
    await file.close();
  }
}

/** Where in the file the newest lines begin that are within the bounds; 0: all are. */
async function startOfNewest(part: Part, most: Bounds): Promise<number> {
  let start = part.end + 1; // as if a newline followed the last line, too
  let triggers = 0;
  for await (const lines of linesIn(part, 'backwards')) {
    for (const { text, bytes } of lines) {
      const earlier = start - bytes - 1;
      if (text.startsWith(FIRED)) triggers++;
      if (part.end - earlier > most.bytes || triggers > most.triggers) return Math.min(start, part.end);
      start = earlier;
    }
  }
  return 0;
}

async function writerOf(path: string): Promise<NodeJS.WritableStream> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  return (await open(path, flags, 0o600)).createWriteStream();
}
