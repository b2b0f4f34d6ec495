import type { ListedJail } from './listed.ts';

type Row = Omit<ListedJail, 'instance'>;

/**
 * Reads the sysctl `jail.list`, one line a jail: jid, host name, path, addresses, with one blank between them. Not through
 * jls(8), which reads past the end of the same text.
 *
 * The host name is whatever the jail's root has set, blanks and newlines too, so any line may be made up and none is
 * believed by itself: the host name is not used; a jid or a path that two lines have is refused; a jid must be that of
 * a living process (of which `residents` knows by the kernel's word). What a single line says of its path is proved when the
 * probe is in: its root must be the directory that the host sees there.
 */
export function parseJailList(
  printed: Buffer,
  residents: ReadonlyMap<number, readonly number[]>,
): readonly Row[] {
  const rows: { readonly jid: number; readonly path: string }[] = [];
  for (const line of printed.toString('utf8').split('\n')) {
    const [, jid, rest] = /^([1-9]\d{0,5}) [^ ]* (\/.*)$/.exec(line) ?? [];
    if (jid === undefined || rest === undefined) continue;
    // A path may hold blanks, and nothing tells where it ends but that addresses follow.
    rows.push({
      jid: Number(jid),
      path: rest.replace(/(?: (?:\d+(?:\.\d+){3}|[\da-f]*:[\da-f:.]*))*$/i, ''),
    });
  }
  const [byJid, byPath] = [count(rows.map(({ jid }) => jid)), count(rows.map(({ path }) => path))];
  const seen = new Set<number>();
  return rows.flatMap(({ jid, path }) => {
    const inside = residents.get(jid);
    if (inside === undefined || seen.has(jid)) return [];
    seen.add(jid);
    const twice =
      (byJid.get(jid) ?? 0) > 1 ? `jid ${jid}` : (byPath.get(path) ?? 0) > 1 ? `the path ${path}` : undefined;
    const refused = `the list of jails has ${twice} twice: a jail's host name may have made up one of them`;
    return [{ jid, name: String(jid), path, residents: inside, ...(twice !== undefined && { refused }) }];
  });
}

/** Where each jail is that has been listed, by its jid. */
export type Known = ReadonlyMap<number, string>;

/**
 * The rows, and with them the jails that have processes and were listed before, but are not now. A jail's root can bring
 * that about: by a host name with a blank in it for its own jail, and for all of them by one that grows while sysctl(8) reads the
 * list, which then prints nothing at all. It is no end of a jail, as long as it has processes; and its root stays where it was.
 */
export function recall(
  rows: readonly Row[],
  residents: ReadonlyMap<number, readonly number[]>,
  known: Known,
): { readonly rows: readonly Row[]; readonly known: Known } {
  const listed = new Set(rows.map(({ jid }) => jid));
  const alive = [...known].filter(([jid]) => residents.has(jid));
  const unlisted = alive.filter(([jid]) => !listed.has(jid));
  const sound = rows.filter(({ refused }) => refused === undefined);
  return {
    rows: [
      ...rows,
      ...unlisted.map(([jid, path]) => ({
        jid,
        name: String(jid),
        path,
        residents: residents.get(jid) ?? [],
      })),
    ],
    known: new Map([...alive, ...sound.map(({ jid, path }) => [jid, path] as const)]),
  };
}

/** `BOOT:JID`: jids count up, and come round again after 999,999. */
export function instanceOf(boot: string, { jid }: Pick<Row, 'jid'>): string {
  return `${boot}:${jid}`;
}

function count<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
