import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { faultOf, walk } from './trust.ts';
import type { Fault, Way } from './trust.ts';

/** The largest file that is read. */
const largestFile = 2 * 1024 * 1024;

/** What reading a file came to. */
export interface Reading {
  /** The file itself and each symlink on the way to it: a change of any may change what is read. */
  readonly involved: readonly string[];
  readonly faults: readonly Fault[];
  readonly content?: { readonly bytes: Buffer; readonly digest: string };
  /** Why there is no content, as the rest of a sentence: `does not exist`. */
  readonly why?: string;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: part of its path is no directory',
  EACCES: 'may not be read by this user',
  ELOOP: 'leads through symlinks that go round in circles',
  ENAMETOOLONG: 'has too long a name',
};

/** Why a call failed, as the rest of a sentence. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ''] ?? `cannot be read: ${code ?? message}`;
}

/**
 * Reads a file through one descriptor: opened, looked at, read, so that what was judged is what is used. Neither a
 * FIFO nor a device can hold it up.
 */
export async function read(path: string, owner: number): Promise<Reading> {
  let way: Way;
  try {
    way = walk(path, owner);
  } catch (error) {
    return { involved: [path], faults: [], why: reasonOf(error) };
  }
  const involved = [...new Set([path, way.resolved, ...way.symlinks])];
  const refuse = (why: string): Reading => ({ involved, faults: [], why });
  if (!way.stats.isFile()) return refuse(`is ${kindOf(way.stats)}, not a file`);
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
    const handle = await open(way.resolved, flags);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return refuse(`is ${kindOf(stats)}, not a file`);
      const own = faultOf(way.resolved, stats, owner);
      const faults = [...way.faults.filter((fault) => fault.path !== way.resolved), ...(own ? [own] : [])];
      const bytes = stats.size > largestFile ? undefined : await readAll(handle, stats.size);
      if (bytes === undefined) return { involved, faults, why: 'is larger than 2 MiB' };
      const digest = createHash('sha256').update(bytes).digest('hex');
      return { involved, faults, content: { bytes, digest } };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return refuse(reasonOf(error));
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

/** Not readFile(): a file that grows while it is read must not become larger than was allowed. */
async function readAll(handle: Handle, size: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    // One byte more than there should be: most files are read by one call, and a second that finds the end.
    const room = Buffer.allocUnsafeSlow(length === 0 ? size + 1 : 4096);
    const { bytesRead, buffer } = await handle.read({ buffer: room });
    if (bytesRead === 0) return Buffer.concat(chunks, length);
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
    if (length > largestFile) return undefined;
  }
}

function kindOf(stats: Way['stats']): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
