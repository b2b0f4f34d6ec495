import {
  runningJail,
  type Held,
  type LastTrigger,
  type Observed,
  type ObservedJail,
  type ObservedProbe,
} from '../plan/observed.ts';
import type { Desired } from '../plan/desired.ts';
import type { Wanted } from '../plan/wanted.ts';
import { endingFields, stamp, type Entry } from './entry.ts';
import { standing, type State } from './standing.ts';

/** One row of `status`. */
export interface ProbeStatus {
  readonly id: string;
  readonly jail: string;
  readonly instance?: string;
  readonly jid?: number;
  readonly title: string;
  /** As ps(1) shows it where that differs: with a receipt. */
  readonly shownTitle?: string;
  readonly uid: number;
  readonly respawn: string;
  readonly state: State;
  readonly pid?: number;
  /** The host's pid of the process that stands for the jail. */
  readonly jailPid?: number;
  readonly since: string;
  readonly origin: { readonly file: string; readonly line: number } | 'ad-hoc';
  readonly runs: number;
  readonly description?: string;
  readonly reason?: string;
  readonly until?: string;
  readonly last?: Last;
}

export type Last = Pick<
  Entry,
  'id' | 'firedAt' | 'exitCode' | 'signal' | 'fate' | 'stage' | 'errno' | 'timedOut' | 'folded'
> & { readonly running?: true };

/**
 * Every probe that is wanted, or that still runs a command: a view of desired, observed and now.
 *
 * @param loadedAt since when the present configuration holds
 */
export function* probeStatuses(
  desired: Desired,
  observed: Observed,
  loadedAt: number,
  now: number,
): Generator<ProbeStatus> {
  const names = new Set([...desired.jailNames, ...observed.jails.keys()]);
  for (const name of names) {
    const jail: ObservedJail = observed.jails.get(name) ?? { name, probes: new Map() };
    const wanted = desired.forJail(name);
    for (const want of wanted.values()) {
      const probe = jail.probes.get(want.id);
      // Of a probe that nothing has happened to yet, that it is wanted is all there is to say.
      yield statusOf(jail, want, probe, probe?.since ?? loadedAt, now);
    }
    for (const probe of jail.probes.values()) {
      if (!wanted.has(probe.id) && probe.commands.size > 0 && probe.ordered)
        yield removedStatus(jail, probe.ordered, probe, now);
    }
  }
}

function statusOf(
  jail: ObservedJail,
  want: Wanted,
  probe: ObservedProbe | undefined,
  since: number,
  now: number,
): ProbeStatus {
  const running = runningJail(jail);
  const { state, reason, until } = standing(jail, want, probe, now);
  const { pid, shownTitle } = processOf(probe, running?.instance);
  return {
    id: want.id,
    jail: jail.name,
    ...(running && { instance: running.instance }),
    ...(running?.jid !== undefined && { jid: running.jid }),
    title: want.probe.title,
    ...(shownTitle !== undefined && shownTitle !== want.probe.title && { shownTitle }),
    uid: want.probe.uid,
    respawn: want.probe.respawn,
    state,
    ...(pid !== undefined && { pid }),
    ...(running?.pid !== undefined && { jailPid: running.pid }),
    since: stamp(since),
    origin: want.adhoc ? 'ad-hoc' : { file: want.probe.origin.file, line: want.probe.origin.line },
    runs: probe?.runs ?? 0,
    ...(want.probe.description !== undefined && { description: want.probe.description }),
    ...(reason !== undefined && { reason }),
    ...(until !== undefined && { until: stamp(until) }),
    ...(probe?.last && { last: lastOf(probe, probe.last) }),
  };
}

/** The probe's process, unless it is of a life of the jail that is over. */
function processOf(
  probe: ObservedProbe | undefined,
  instance: string | undefined,
): Pick<Held, 'pid' | 'shownTitle'> {
  const held = probe?.held ?? probe?.leaving?.[0];
  return held?.instance === instance ? (held ?? {}) : {};
}

/** What is no longer wanted but whose command still runs. */
function removedStatus(jail: ObservedJail, ordered: Wanted, probe: ObservedProbe, now: number): ProbeStatus {
  const { until: _, pid: __, ...status } = statusOf(jail, ordered, probe, probe.since, now);
  return { ...status, state: 'running', reason: 'removed; its command still runs' };
}

/** The last trigger in the words of an entry. */
export function lastOf(probe: ObservedProbe, last: LastTrigger): Last {
  const base = { id: last.run, firedAt: stamp(last.firedAt) };
  if (probe.commands.has(last.run)) return { ...base, running: true };
  return {
    ...base,
    ...(last.ending ? endingFields(last.ending) : { fate: 'unknown' as const }),
    ...(last.timedOut && { timedOut: true }),
    ...(last.folded !== undefined && { folded: last.folded }),
  };
}
