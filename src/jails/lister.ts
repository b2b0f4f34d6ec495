import type { Platform } from '../platform.ts';
import { parseBootId, parseBootTime } from './boot.ts';
import * as dragonfly from './dragonfly.ts';
import * as freebsd from './freebsd.ts';
import type { Sighting } from './jail.ts';
import { createRoots, type Root, type Roots } from './jail-roots.ts';
import type { ListedJail } from './listed.ts';
import type { Listing } from './listing.ts';
import { parseResidents } from './residents.ts';
import { runProgram } from './run.ts';

/** Asks the system which jails run. */
export interface Lister {
  /** One look at all of them. @throws Error in one sentence, when the system does not say */
  list(): Promise<Listing>;
}

/** Where the system has its programs. */
export interface Programs {
  readonly jls: string;
  readonly ps: string;
  readonly sysctl: string;
}

const PROGRAMS: Programs = { jls: '/usr/sbin/jls', ps: '/bin/ps', sysctl: '/sbin/sysctl' };

/** None on Linux, which has no list of jails: there each is named by its process or its directory. */
export function createLister(platform: Platform, programs: Programs = PROGRAMS): Lister | undefined {
  if (platform === 'Linux') return undefined;
  const roots = createRoots();
  const listAll = platform === 'FreeBSD' ? listFreebsd : createDragonflyList();
  let boot: Promise<string> | undefined;
  const bootName = (): Promise<string> => {
    // A clock that is set later moves the time of the boot: what was read first goes on holding.
    boot ??= readBoot(platform, programs).catch((error: unknown) => {
      boot = undefined;
      throw error;
    });
    return boot;
  };
  return {
    async list() {
      const jails = await listAll(programs, await bootName());
      roots.keepOnly(new Set(jails.map(({ instance }) => instance)));
      const sightings = await Promise.all(jails.map((jail) => sight(jail, platform, roots)));
      const byPath = new Map<string, string[]>();
      for (const { name, path } of jails) byPath.set(path, [...(byPath.get(path) ?? []), name]);
      return {
        byName: new Map(sightings.map((sighting) => [sighting.name, sighting])),
        byPath,
        byJid: new Map(jails.map(({ jid, name }) => [jid, name])),
      };
    },
  };
}

async function listFreebsd({ jls, ps }: Programs, boot: string): Promise<ListedJail[]> {
  // Two calls, because -v is without `persist`, and explicit parameters print nothing sound for a host name that is empty.
  const [all, persistence] = await Promise.all([
    runProgram(jls, ['--libxo', 'json', '-v']),
    runProgram(jls, ['--libxo', 'json', 'jid', 'persist']),
  ]);
  const persists = freebsd.parsePersist(persistence);
  const ends = [...persists.values()].includes(false);
  const residents = ends ? parseResidents(await runProgram(ps, psArguments('jid'))) : new Map();
  return freebsd.parseJls(all).map(({ cpuset, ...jail }) => ({
    ...jail,
    instance: freebsd.instanceOf(boot, { jid: jail.jid, cpuset }),
    ...(persists.get(jail.jid) === false && { residents: residents.get(jail.jid) ?? [] }),
  }));
}

function createDragonflyList(): (programs: Programs, boot: string) => Promise<ListedJail[]> {
  let known: dragonfly.Known = new Map();
  return async ({ sysctl, ps }, boot) => {
    const list = await runProgram(sysctl, ['-n', 'jail.list']);
    const residents = parseResidents(await runProgram(ps, psArguments('jail')));
    const recalled = dragonfly.recall(dragonfly.parseJailList(list, residents), residents, known);
    known = recalled.known;
    return recalled.rows.map((jail) => ({ ...jail, instance: dragonfly.instanceOf(boot, jail) }));
  };
}

/** ps(1) of FreeBSD calls the number `jid`, that of DragonFly `jail`. Each its own -o: what follows a `=` is a heading, commas and all. */
function psArguments(jid: string): string[] {
  return ['-ax', '-o', `${jid}=`, '-o', 'pid=', '-o', 'state='];
}

async function readBoot(platform: Platform, { sysctl }: Programs): Promise<string> {
  const id =
    platform === 'FreeBSD'
      ? await runProgram(sysctl, ['-b', 'kern.boot_id']).then(parseBootId, () => undefined)
      : undefined;
  const boot = id ?? parseBootTime(await runProgram(sysctl, ['-n', 'kern.boottime']));
  if (boot === undefined) throw new Error(`${sysctl} does not say when the system was booted`);
  return boot;
}

async function sight(listed: ListedJail, platform: Platform, roots: Roots): Promise<Sighting> {
  const { name, jid, path, instance, hostname, residents } = listed;
  if (listed.refused !== undefined) return { name, refused: listed.refused, jid };
  const root = await roots.of(instance, path);
  const refused = objection(root, listed, platform);
  if ('refused' in root || refused !== undefined) return { name, refused: refused ?? '', jid };
  const { dev, ino, canonical } = root;
  return {
    name,
    jail: {
      name,
      kind: 'jail',
      instance,
      jid,
      ...(canonical && path !== '/' && { path }),
      ...(hostname !== undefined && { hostname }),
      ...(residents && { residents }),
      entrance: { by: 'jail', jid, dev, ino, ...(platform === 'FreeBSD' && { name }) },
    },
  };
}

/**
 * On DragonFly the path may have been made up by the jail's root: `/jails/web/x/..` is the right directory today, and
 * another one when `x` is a link tomorrow. The kernel's own paths are canonical.
 */
function objection(root: Root, { path }: ListedJail, platform: Platform): string | undefined {
  if ('refused' in root) return root.refused;
  if (platform === 'DragonFly' && !root.canonical)
    return `its root ${path} is no canonical path: its host name may have made it up`;
  return undefined;
}
