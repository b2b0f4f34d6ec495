import { readlinkSync } from 'node:fs';
import { covering, inside, isBelow, readMounts } from './mounts.ts';

/**
 * Whether a file of the host lies in what is the root of that process's jail: who writes there may be the jail.
 * Told from the mount table and the link's text alone; /proc/PID/root itself is never opened, since what lies
 * behind it may be a file system whose server is in the jail.
 */
export async function liesBelowRootOf(pid: number, path: string): Promise<boolean> {
  // A chroot within the jail's mount namespace: the link has the path there, commonly the host's path too.
  const root = readlinkSync(`/proc/${pid}/root`);
  if (root !== '/') return isBelow(path, root);
  // A root mount of its own (pivot_root): the same folder of the same device, wherever the host sees it.
  const top = (await readMounts(pid)).findLast((mount) => mount.point === '/');
  // A jail that sees the host's own root as its root: then every file lies below, and it says nothing.
  if (top === undefined || top.root === '/') return false;
  const here = covering(await readMounts('self'), path);
  return here !== undefined && top.device === here.device && isBelow(inside(here, path), top.root);
}
