import type { Whereabouts } from '../config/config.ts';
import { sightChroot } from './chroot.ts';
import type { Sighting } from './jail.ts';
import { EndlessTable } from './mounts.ts';
import { sightPid } from './pid.ts';
import { readPidfile } from './pidfile.ts';
import { liesBelowRootOf } from './below-root.ts';

/**
 * Looks at one jail, now; at one that only the system's list can find (listing.ts) in vain. Never throws and never enters.
 * A directory on a dead network file system may keep it waiting, so who looks at many does not wait for one before the
 * next.
 *
 * @param owner who, besides root, may own a pidfile and the way to a directory: the daemon's user
 */
export async function look(
  name: string,
  whereabouts: Whereabouts,
  owner: number = process.getuid?.() ?? 0,
): Promise<Sighting> {
  switch (whereabouts.by) {
    case 'name':
      return { name, absent: `no jail named "${name}" runs; on Linux say pid: or chroot:` };
    case 'path':
      return { name, refused: 'path: finds jails of FreeBSD and DragonFly; on Linux say pid: or chroot:' };
    case 'pid':
      return sightPid(name, whereabouts.pid);
    case 'pidfile':
      return sightPidfile(name, whereabouts.path, owner);
    case 'chroot':
      return sightChroot(name, whereabouts, owner);
  }
}

/** The jail of a process that somebody named by number, as `-j 4711` does; it is called by that number. */
export function lookPid(pid: number): Sighting {
  return sightPid(String(pid), pid);
}

async function sightPidfile(name: string, path: string, owner: number): Promise<Sighting> {
  const reading = await readPidfile(path, owner);
  if ('absent' in reading) return { name, ...reading, unsure: true };
  if ('refused' in reading) return { name, ...reading };
  const sighting = sightPid(name, reading.pid);
  if (!('jail' in sighting)) return sighting;
  try {
    if (!(await liesBelowRootOf(reading.pid, reading.real))) return sighting;
  } catch (error) {
    if (error instanceof EndlessTable)
      return { name, refused: `process ${reading.pid} cannot be looked at: ${error.message}` };
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EINVAL')
      return { name, absent: `process ${reading.pid} has ended` };
    return { name, refused: `process ${reading.pid} cannot be looked at: ${code ?? String(error)}` };
  }
  return { name, refused: `pidfile ${path} lies below the jail's own root` };
}
