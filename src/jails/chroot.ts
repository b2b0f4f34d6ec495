import { lstat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Sighting } from './jail.ts';
import { identityOf } from './jail-roots.ts';

/** The limits that chroot(2) documents. */
const LONGEST = { component: 255, path: 1023 };

/**
 * A plain directory as a jail. It runs as long as the directory is there; one that was removed and made again is
 * another instance. A symlink is refused: who may change it could choose what root enters.
 */
export async function sightChroot(name: string, path: string): Promise<Sighting> {
  if (!isAbsolute(path)) return { name, refused: `chroot: ${path} is not an absolute path` };
  const long = path.split('/').find((component) => Buffer.byteLength(component) > LONGEST.component);
  if (long !== undefined) {
    return { name, refused: `chroot: ENAMETOOLONG, a component is over 255 bytes: ${long.slice(0, 32)}…` };
  }
  if (Buffer.byteLength(path) > LONGEST.path) {
    return { name, refused: `chroot: ENAMETOOLONG, the path is over 1023 bytes: ${path.slice(0, 32)}…` };
  }
  try {
    // A slash at the end would make lstat follow the link.
    const root = path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
    const [stat, host] = await Promise.all([lstat(root, { bigint: true }), lstat('/', { bigint: true })]);
    if (stat.isSymbolicLink())
      return { name, refused: `chroot: ${path} is a symbolic link: name the directory` };
    if (!stat.isDirectory()) return { name, refused: `chroot: ENOTDIR, ${path} is not a directory` };
    if (stat.dev === host.dev && stat.ino === host.ino) {
      return { name, refused: `chroot: ${path} is the host's own root` };
    }
    const { dev, ino } = identityOf(stat);
    const instance = `${dev}:${ino}:${stat.birthtimeNs}`;
    return {
      name,
      jail: { name, kind: 'chroot', instance, path: root, entrance: { by: 'chroot', root, dev, ino } },
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return { name, absent: `no directory ${path}` };
    return { name, refused: `chroot: ${code ?? String(error)}, ${path}` };
  }
}
