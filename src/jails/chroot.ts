import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { walk, type Way } from '../config/trust.ts';
import { hasBirthTimes } from '../platform.ts';
import { identityOf } from './jail-roots.ts';
import type { Sighting, Whereabouts } from './jail.ts';

/** The limits that chroot(2) documents. */
const LONGEST = { component: 255, path: 1023 };

/**
 * A plain directory as a jail. It runs as long as the directory is there; one that was removed and made again is
 * another instance.
 *
 * Who could lead the path elsewhere could choose what root enters. So the way to the directory obeys the rule of the
 * configuration's files: all above it belongs to root or `owner`, and nobody else may write there; symlinks on that
 * way are the administrator's own (`/var/run`). The directory itself belongs to whom it likes, being the jail, and is
 * never a symlink. The keeper then follows none at all.
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
    const { root, refused } = wayTo(declared, owner);
    if (refused !== undefined) return { name, refused: `chroot: ${refused}` };
    const [found, host] = await Promise.all([lstat(root, { bigint: true }), lstat('/', { bigint: true })]);
    if (found.isSymbolicLink())
      return { name, absent: `${path} is a symbolic link, which is not followed: name the directory` };
    if (!found.isDirectory()) return { name, absent: `chroot: ENOTDIR, ${path} is not a directory` };
    if (found.dev === host.dev && found.ino === host.ino)
      return { name, refused: `chroot: ${path} is the host's own root` };
    if (await isMovable(root, owner, Number(found.uid)))
      return {
        name,
        refused: `chroot: ${path} belongs to uid ${found.uid}, who can replace it in ${dirname(root)}`,
      };
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

/** Where the directory is, without symlinks above it, and who else could have led us there. */
function wayTo(path: string, owner: number): { root: string; refused?: string } {
  const last = basename(path);
  // `..` is no name that anybody could give to something else.
  if (last === '..' || last === '.') return judge(walk(path, owner));
  const above = walk(dirname(path), owner);
  return judge({ ...above, resolved: join(above.resolved, last) });
}

function judge({ resolved, faults: [fault] }: Way): { root: string; refused?: string } {
  if (fault === undefined) return { root: resolved };
  return { root: resolved, refused: `${fault.path} ${fault.why}, who could choose what is entered` };
}

/** In a sticky directory that others may write, a directory's owner can put something else in its place. */
async function isMovable(root: string, owner: number, uid: number): Promise<boolean> {
  const above = await lstat(dirname(root));
  return (above.mode & 0o022) !== 0 && uid !== 0 && uid !== owner;
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
