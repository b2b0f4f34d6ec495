import { covering, inside, isBelow, type Mount } from '../jails/mounts.ts';

/** Where a jail finds a file of the host. */
export interface Reached {
  /** Its path inside. */
  readonly path: string;
  readonly writable: boolean;
}

/**
 * Whether a jail has a mount in which a file of the host is seen: a bind mount of its folder, or of one above. Pure;
 * both mount tables are mountinfo's.
 */
export function reachedFrom(
  jail: readonly Mount[],
  host: readonly Mount[],
  path: string,
): Reached | undefined {
  const here = covering(host, path);
  if (!here) return undefined;
  const within = inside(here, path);
  const ways = jail
    .filter((mount) => mount.device === here.device && isBelow(within, mount.root))
    .map((mount): Reached => {
      const rest = mount.root === '/' ? within : within.slice(mount.root.length);
      return { path: (mount.point === '/' ? '' : mount.point) + rest || '/', writable: mount.writable };
    })
    // What another mount of the jail covers is out of its sight.
    .filter((way) => covering(jail, way.path)?.device === here.device);
  return ways.find(({ writable }) => writable) ?? ways[0];
}

/** Whether the jail's root is the host's own root file system, not a folder of it. */
export function seesHostRoot(jail: readonly Mount[], host: readonly Mount[]): boolean {
  const [theirs, ours] = [jail, host].map((mounts) => mounts.findLast(({ point }) => point === '/'));
  return (
    theirs !== undefined && ours !== undefined && theirs.device === ours.device && theirs.root === ours.root
  );
}
