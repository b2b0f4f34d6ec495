import { lstat, stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { hostRoot, noRoot, wayToRoot } from '../config/root-way.ts';
import { hasBirthTimes } from '../platform.ts';
import type { Whereabouts } from '../config/config.ts';
import { identityOf } from './jail-roots.ts';
import type { Sighting } from './jail.ts';

/** The limits that chroot(2) documents. */
const LONGEST = { component: 255, path: 1023 };

/**
 * A plain directory as a jail. It runs as long as the directory is there; one that was removed and made again is
 * another instance.
 *
 * The way to it is judged (root-way.ts), and the keeper is told where it leads, and then follows no symlink at all.
 */
export async function sightChroot(
  name: string,
  { path, mount }: Omit<Extract<Whereabouts, { by: 'chroot' }>, 'by'>,
  owner: number,
): Promise<Sighting> {
  if (!isAbsolute(path)) return { name, refused: `chroot: ${path} is not an absolute path` };
  const long = tooLong(path);
  if (long !== undefined) return { name, refused: `chroot: ENAMETOOLONG, ${long}` };
  // A slash at the end would make lstat follow the link.
  const declared = path.replace(/\/+$/, '') || '/';
  try {
    // The first look must not hold up the loop: a dead network file system is met here, if anywhere.
    await lstat(declared);
    const { root, doubt } = wayToRoot(declared, owner);
    const [found, host] = await Promise.all([lstat(root, { bigint: true }), lstat('/', { bigint: true })]);
    const doubtful = doubt(Number(found.uid));
    if (doubtful !== undefined) return { name, refused: `chroot: ${doubtful}` };
    const unfit = noRoot(path, found);
    if (unfit !== undefined) return { name, absent: `chroot: ${unfit}` };
    const ours = hostRoot(path, found, host);
    if (ours !== undefined) return { name, refused: `chroot: ${ours}` };
    const { dev, ino } = identityOf(found);
    const instance = `${dev}:${ino}:${hasBirthTimes() ? found.birthtimeNs : 0}`;
    const entrance = { by: 'chroot', root, dev, ino, ...(mount && { mount }) } as const;
    return { name, jail: { name, kind: 'chroot', instance, path: declared, entrance } };
  } catch (error) {
    return { name, ...(await failure((error as NodeJS.ErrnoException).code ?? String(error), declared)) };
  }
}

function tooLong(path: string): string | undefined {
  const component = path.split('/').find((one) => Buffer.byteLength(one) > LONGEST.component);
  if (component !== undefined) return `a component is over 255 bytes: ${component.slice(0, 32)}…`;
  if (Buffer.byteLength(path) <= LONGEST.path) return undefined;
  return `the path is over 1023 bytes: ${path.slice(0, 32)}…`;
}

const WHAT: Readonly<Record<string, string>> = {
  ENOTDIR: 'is not a directory',
  EACCES: 'may not be searched',
  ELOOP: 'leads through too many symbolic links',
  EIO: 'cannot be read',
};

/** What a look that failed says about the jail: it is not there, or it cannot be looked at. */
async function failure(code: string, path: string): Promise<{ absent: string } | { refused: string }> {
  if (code === 'ENOENT') return { absent: `no directory ${path}` };
  const why = `chroot: ${code}, ${path}: "${await blame(path)}" ${WHAT[code] ?? 'cannot be looked at'}`;
  return code === 'ENOTDIR' ? { absent: why } : { refused: why };
}

/** The first component that one cannot step into, as `/.` behind it tells. */
async function blame(path: string): Promise<string> {
  let step = '';
  for (const component of path.split('/').filter(Boolean)) {
    step += `/${component}`;
    try {
      await stat(`${step}/.`);
    } catch {
      return component;
    }
  }
  return basename(path); // by now one can
}
