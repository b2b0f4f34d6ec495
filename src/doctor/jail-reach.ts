import { readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isGlob } from '../config/glob.ts';
import { namedPaths } from '../config/named-paths.ts';
import { EndlessTable, isBelow, readMounts, type Mount } from '../jails/mounts.ts';
import { PLATFORM } from '../platform.ts';
import type { Finding } from './finding.ts';
import { mapsHost, parseIdMap } from './id-map.ts';
import type { Inventory, InventoryJail } from './inventory.ts';
import { reachedFrom, seesHostRoot } from './reach.ts';

/**
 * What of the host a jail could change, of all that decides what commands do: whosever command it is, root runs it.
 *
 * @param files what the configuration is read from: files, directories, patterns
 */
export async function examineReach(
  { jails, probes, own, config }: Inventory,
  files: readonly string[],
): Promise<Finding[]> {
  const host = PLATFORM === 'Linux' ? await readMounts('self') : [];
  const precious = new Map<string, string>();
  const add = (path: string, what: string): void => {
    if (!precious.has(path)) precious.set(path, what);
  };
  // Of a pattern the directory is there as well.
  for (const path of [config, ...files.filter((file) => !isGlob(basename(file)))])
    add(path, 'the configuration');
  for (const { what, path } of own) add(path, what);
  for (const { id, argv } of probes)
    for (const path of namedPaths(argv)) add(real(path), `the command of ${id}`);
  const findings = jails.map((jail) => {
    if (jail.path !== undefined) return belowPath(jail, jail.path, precious);
    return jail.pid === undefined ? [] : throughMounts(jail, jail.pid, host, precious);
  });
  return (await Promise.all(findings)).flat();
}

/** A chroot, or a BSD jail: what lies below its path is its own. */
function belowPath(jail: InventoryJail, path: string, precious: ReadonlyMap<string, string>): Finding[] {
  if (path === '/') return [];
  return [...precious].flatMap(([at, what]): Finding[] => {
    if (!isBelow(real(at), real(path))) return [];
    const message = `${what} (${at}) lies below its root, where its root may change it`;
    return [
      {
        severity: 'danger',
        code: 'inside-jail',
        subject: jail.name,
        message,
        fix: 'move it out of the jail',
      },
    ];
  });
}

/** A jail of namespaces: it reaches what its mount table shows, if its users may write there. */
async function throughMounts(
  jail: InventoryJail,
  pid: number,
  host: readonly Mount[],
  precious: ReadonlyMap<string, string>,
): Promise<Finding[]> {
  let mounts: readonly Mount[];
  let users: ReturnType<typeof parseIdMap>;
  let root: string;
  try {
    mounts = await readMounts(pid);
    users = parseIdMap(readFileSync(`/proc/${pid}/uid_map`, 'latin1'));
    root = readlinkSync(`/proc/${pid}/root`);
  } catch (error) {
    if (!(error instanceof EndlessTable)) return []; // it has just ended
    const message = `${error.message}: what it reaches through its mounts cannot be told`;
    const fix = 'see what mounts so much inside: no jail needs that';
    return [{ severity: 'warning', code: 'endless-mounts', subject: jail.name, message, fix }];
  }
  // A chroot within the mount namespace: what the table has elsewhere is out of sight.
  if (root !== '/') return belowPath(jail, root, precious);
  if (seesHostRoot(mounts, host)) {
    const severity = mapsHost(users, 0) ? 'warning' : 'note';
    const message =
      "its root is the host's own: whoever is root there can change programs, configuration and state";
    return [
      { severity, code: 'host-root', subject: jail.name, message, fix: 'give the jail a root of its own' },
    ];
  }
  return [...precious].flatMap(([at, what]): Finding[] => {
    const reached = reachedFrom(mounts, host, real(at));
    if (!reached?.writable || !mayWrite(users, real(at))) return [];
    const message = `${what} (${at}) can be changed from inside, as ${reached.path}`;
    const fix = 'mount it read-only there, or give the command a program that the jail does not see';
    return [{ severity: 'danger', code: 'reachable', subject: jail.name, message, fix }];
  });
}

/** Whoever owns the file or its directory on the host is somebody in the jail, and with that its root. */
function mayWrite(users: ReturnType<typeof parseIdMap>, path: string): boolean {
  return [path, dirname(path)].some((one) => {
    const stats = statSync(one, { throwIfNoEntry: false });
    return stats !== undefined && (mapsHost(users, stats.uid) || (stats.mode & 0o002) !== 0);
  });
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
