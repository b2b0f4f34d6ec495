import { readFileSync, readlinkSync } from 'node:fs';
import { sep } from 'node:path';

/** One line of mountinfo: the folder `root` of the device's file system is seen at `point`. */
interface Mount {
  readonly device: string;
  readonly root: string;
  readonly point: string;
}

/**
 * Whether a file of the host lies in what is the root of that process's jail: who writes there may be the jail.
 * Told from the mount table and the link's text alone; /proc/PID/root itself is never opened, since what lies
 * behind it may be a file system whose server is in the jail.
 */
export function liesBelowRootOf(pid: number, path: string): boolean {
  // A chroot within the jail's mount namespace: the link has the path there, commonly the host's path too.
  const root = readlinkSync(`/proc/${pid}/root`);
  if (root !== '/') return isBelow(path, root);
  // A root mount of its own (pivot_root): the same folder of the same device, wherever the host sees it.
  const top = readMounts(pid).findLast((mount) => mount.point === '/');
  const here = covering(readMounts('self'), path);
  // A jail that sees the host's own root as its root: then every file lies below, and it says nothing.
  if (top === undefined || here === undefined || top.root === '/') return false;
  return top.device === here.device && isBelow(inside(here, path), top.root);
}

/** The mount that a path is in: the longest mount point above it, and of those the one mounted last. */
function covering(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (isBelow(path, mount.point) && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}

/** Where a path of the mount table lies within its device's file system. */
function inside(mount: Mount, path: string): string {
  const rest = mount.point === '/' ? path : path.slice(mount.point.length);
  return (mount.root === '/' ? rest : mount.root + (rest === '/' ? '' : rest)) || '/';
}

function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(folder + sep);
}

function readMounts(pid: number | 'self'): Mount[] {
  const mounts: Mount[] = [];
  for (const line of readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n')) {
    const [, , device, root, point] = line.split(' ');
    if (device && root && point) mounts.push({ device, root: unescape(root), point: unescape(point) });
  }
  return mounts;
}

/** Blanks, tabs, newlines and backslashes are written as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
