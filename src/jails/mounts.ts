import { readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { sep } from 'node:path';

/** One line of mountinfo: the folder `root` of the device's file system is seen at `point`. */
export interface Mount {
  /** `MAJOR:MINOR`. */
  readonly device: string;
  readonly root: string;
  readonly point: string;
  /** By the mount's own options and by those of its file system. */
  readonly writable: boolean;
}

/** So many bytes of a table are read in one go; for the rest of a longer one nobody else has to wait. */
const AT_ONCE = 256 * 1024;
const PIECE = 64 * 1024;

/** The longest mount table of a jail that is read, in bytes. */
const LONGEST_TABLE = 4 * 1024 * 1024;

/** A jail's root may have a hundred thousand mounts, of paths of 4 KiB: a table that nobody can be made to read. */
export class EndlessTable extends Error {}

/**
 * The mount table that a process sees; only our own may have any length.
 *
 * @throws EndlessTable, and what read(2) throws: ENOENT, EACCES
 */
export async function readMounts(pid: number | 'self'): Promise<Mount[]> {
  const file = await open(`/proc/${pid}/mountinfo`);
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; ;) {
      const room = Buffer.allocUnsafe(PIECE);
      const got = length < AT_ONCE ? readSync(file.fd, room) : (await file.read(room)).bytesRead;
      if (got === 0) return parseMounts(Buffer.concat(pieces, length).toString('utf8'));
      pieces.push(room.subarray(0, got));
      length += got;
      if (pid !== 'self' && length > LONGEST_TABLE)
        throw new EndlessTable(`its mount table is longer than ${LONGEST_TABLE / 1024 / 1024} MiB`);
    }
  } finally {
    await file.close();
  }
}

/** Lines of proc_pid_mountinfo(5): `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const words = line.split(' ');
    const [, , device, root, point, own] = words;
    if (!device || !root || !point || own === undefined) return [];
    const whole = words[words.indexOf('-', 6) + 3] ?? '';
    const writable = [own, whole].every((options) => options.split(',').includes('rw'));
    return [{ device, root: unescape(root), point: unescape(point), writable }];
  });
}

/** The mount that a path is in: the longest mount point above it, and of those the one mounted last. */
export function covering(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (isBelow(path, mount.point) && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}

/** Where a path of the mount table lies within its device's file system. */
export function inside(mount: Mount, path: string): string {
  const rest = mount.point === '/' ? path : path.slice(mount.point.length);
  return (mount.root === '/' ? rest : mount.root + (rest === '/' ? '' : rest)) || '/';
}

/** Whether a path is the folder or something in it; both without symlinks. */
export function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(folder + sep);
}

/** Blanks, tabs, newlines and backslashes are written as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
