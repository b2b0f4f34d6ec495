/** One line of /proc/PID/uid_map: so many ids from `inside` on are those from `outside` on. */
interface Range {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** Reads /proc/PID/uid_map or gid_map. */
export function parseIdMap(text: string): Range[] {
  return text.split('\n').flatMap((line) => {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    return count === undefined || inside === undefined || outside === undefined
      ? []
      : [{ inside, outside, count }];
  });
}

/** A jail's number as the host's; undefined if its user namespace does not map it. */
export function toHost(map: readonly Range[], id: number): number | undefined {
  const range = map.find(({ inside, count }) => id >= inside && id < inside + count);
  return range && range.outside + id - range.inside;
}

/** Whether one of the host's numbers is anybody in the jail. */
export function mapsHost(map: readonly Range[], id: number): boolean {
  return map.some(({ outside, count }) => id >= outside && id < outside + count);
}
