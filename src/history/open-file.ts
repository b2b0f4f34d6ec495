import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Opens a file of the state directory to be read, whatever may have been put in its place: four threads are there for all
 * files of the daemon, and one that waits for the other end of a FIFO waits for ever.
 *
 * @returns undefined: there is none
 * @throws the system's error, or that it is no file
 */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  const file = await openAtOnce(path);
  if (!file || (await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`${path} is no file`);
}

async function openAtOnce(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
