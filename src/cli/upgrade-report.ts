import type { ProbeStatus } from '../history/status.ts';

/** What `status` says of the two processes. */
export interface Head {
  readonly daemon: { readonly pid: number; readonly version: string };
  readonly keeper?: { readonly pid?: number; readonly version?: number; readonly state?: string };
}

/** What it says at one moment. */
export interface Snapshot extends Head {
  readonly probes: ReadonlyMap<string, ProbeStatus>;
}

/** Which probes are armed now, and of those how many have still the process that they had. */
function count(before: Snapshot, after: Snapshot): { armed: number; stayed: number; waiting: number } {
  let [armed, stayed, waiting] = [0, 0, 0];
  for (const { id, state, pid } of after.probes.values()) {
    const was = before.probes.get(id);
    if (state === 'armed') armed += 1;
    else if (was?.state === 'armed') waiting += 1;
    if (state === 'armed' && pid !== undefined && was?.pid === pid) stayed += 1;
  }
  return { armed, stayed, waiting };
}

/** What changed by an upgrade, for programs. */
export function asJson(before: Snapshot, after: Snapshot): object {
  const { armed, stayed, waiting } = count(before, after);
  const processes = ({ daemon: { pid, version }, keeper }: Snapshot): object => ({
    daemon: { pid, version },
    ...(keeper?.pid !== undefined && {
      keeper: { pid: keeper.pid, ...(keeper.version !== undefined && { version: keeper.version }) },
    }),
  });
  return {
    version: 1,
    before: processes(before),
    after: processes(after),
    probes: { armed, stayed, moved: armed - stayed, waiting },
  };
}

/** The same for people. */
export function asText(before: Snapshot, after: Snapshot): string {
  const { armed, stayed, waiting } = count(before, after);
  const [older, newer] = [before.keeper, after.keeper];
  const of = ({ daemon: { version, pid } }: Snapshot): string => `${version} pid ${pid}`;
  const lines = [`upgraded: daemon ${of(before)} is now ${of(after)}`];
  if (newer?.state !== undefined)
    lines.push(`the keeper, pid ${newer.pid ?? 'unknown'}, is ${newer.state}: see "jaildaemon status"`);
  else if (older?.pid === newer?.pid)
    lines.push(
      `keeper pid ${newer?.pid ?? 'unknown'} goes on: ${stayed} of ${armed} armed probes kept their process`,
    );
  else
    lines.push(
      `keeper pid ${older?.pid ?? 'unknown'}, protocol ${older?.version ?? 'unknown'}, is replaced by pid ${newer?.pid ?? 'unknown'}, protocol ${newer?.version ?? 'unknown'}: ${armed} probes are armed there`,
    );
  // Of a keeper that has not said a word since nobody knows what is armed.
  if (waiting > 0 && newer?.state === undefined)
    lines.push(`${waiting} probes were armed before and are not now: see "jaildaemon status"`);
  return `${lines.join('\n')}\n`;
}
