import type { ProbeConfig, Whereabouts } from '../config/config.ts';
import type { Jail, Sighting } from '../jails/jail.ts';
import type { Ending, HoldReason, RecordState } from '../keeper/messages.ts';
import { NONE_COUNTED, type Counted } from './counted.ts';
import type { Wanted } from './wanted.ts';

/**
 * The world as far as it was told: what `learn` builds and `plan` compares with what is wanted.
 *
 * Never changed in place: `learn` copies the jails that an event touches and shares the rest.
 */
export interface Observed {
  /** The keeper that probes are armed in; absent while there is none. */
  readonly keeper?: ObservedKeeper;
  /** Older keepers, by epoch: their probes move to the current one, and they end when they have nothing left. */
  readonly leaving: ReadonlyMap<string, ObservedKeeper>;
  /** Keepers that live and have not said a word yet, by epoch: what they hold is not known. */
  readonly silent: ReadonlyMap<string, SilentKeeper>;
  readonly jails: ReadonlyMap<string, ObservedJail>;
  readonly adhoc: ReadonlyMap<string, Adhoc>;
  /** Which triggers the `runs` of all probes count. */
  readonly counted: Counted;
}

export interface ObservedKeeper {
  readonly epoch: string;
  readonly pid: number;
  readonly version: number;
  readonly startedAt: number;
  /** It has told all its records: before every keeper has, nothing may be planned. */
  readonly listed: boolean;
  /** By a signal (SIGSTOP) or a tracer: triggers wait until it goes on. */
  readonly stopped?: true;
}

export interface SilentKeeper {
  /** Absent where it cannot be found out. */
  readonly pid?: number;
  readonly stopped?: true;
}

export interface ObservedJail {
  readonly name: string;
  /** What the last look found; absent: nobody has looked yet. */
  readonly sighting?: Sighting;
  /**
   * Only probes of ours are left in it, these processes, and it ends with its last process: it would live on for their
   * sake alone.
   */
  readonly lonely?: readonly number[];
  /** By id. */
  readonly probes: ReadonlyMap<string, ObservedProbe>;
}

/** Times are milliseconds since 1970. */
export interface ObservedProbe {
  readonly id: string;
  /** As it was wanted when it was last ordered; absent for what only a keeper knows of. */
  readonly ordered?: Wanted;
  /** The current keeper's record; absent: it has none. */
  readonly held?: Held;
  /** Its records in older keepers, as long as there may be a process of it; absent: there is none. */
  readonly leaving?: readonly Leaving[];
  /** Commands that run or wait for the budget, by the trigger's id. */
  readonly commands: ReadonlyMap<string, Command>;
  /** The instance in which it has had its one trigger (`respawn: never`). */
  readonly spentIn?: string;
  readonly trouble?: Trouble;
  /** Triggers so far. */
  readonly runs: number;
  readonly last?: LastTrigger;
  /** When its state last changed. */
  readonly since: number;
}

export interface Held {
  readonly state: RecordState;
  readonly tag: string;
  readonly instance: string;
  readonly pid?: number;
  /** As ps(1) shows it: the declared title, and the receipt if there is one. */
  readonly shownTitle?: string;
  readonly reason?: HoldReason;
  readonly until?: number;
  /** The tag of the process that is to take its place and is on its way in. */
  readonly replacedBy?: string;
  /** The last order was `update`, which no event answers: what says another tag was told before it was taken. */
  readonly updated?: true;
}

/** What an older keeper has of a probe. Until it says `removed`, a HUP may still trigger it there. */
export interface Leaving {
  readonly epoch: string;
  readonly instance: string;
  /** Of the process that is armed there; absent: none, or none that is known. */
  readonly pid?: number;
  readonly shownTitle?: string;
  /** When that keeper was told to take it away, ms since 1970. */
  readonly askedAt?: number;
}

export interface Command {
  readonly run: string;
  readonly firedAt: number;
  readonly startedAt?: number;
  readonly pid?: number;
  /** Its keeper has died: nobody will reap it, it is watched by its pid. */
  readonly orphan?: true;
}

/** Why a probe is not there although it should be, and when to try again. */
export interface Trouble {
  readonly kind: 'failed' | 'died' | 'refused';
  readonly why: string;
  readonly stage?: string;
  readonly errno?: number;
  readonly instance: string;
  /** Of the definition that was tried: another one need not wait for what cannot get in. Empty where that is not known. */
  readonly tag: string;
  /** The event that told it, which may be told again. */
  readonly by?: string;
  readonly at: number;
  /** In a row. */
  readonly tries: number;
  readonly retryAt: number;
}

export interface LastTrigger {
  readonly run: string;
  readonly firedAt: number;
  readonly ending?: Ending;
  readonly timedOut?: boolean;
  readonly folded?: number;
}

/** A probe that `-c` asked for: it belongs to one instance of its jail. */
export interface Adhoc {
  /** `adhoc/N`. */
  readonly id: string;
  readonly jail: string;
  readonly instance: string;
  /** Where its jail is to be found, should the file not say so. */
  readonly whereabouts: Whereabouts;
  readonly probe: ProbeConfig;
}

/** What is known before anything was told. */
export const NOTHING_OBSERVED: Observed = {
  leaving: new Map(),
  silent: new Map(),
  jails: new Map(),
  adhoc: new Map(),
  counted: NONE_COUNTED,
};

/** Whether it is known what every keeper holds: before that, to arm a probe might be to arm it twice. */
export function allHaveListed({ keeper, leaving, silent }: Observed): boolean {
  if (!keeper?.listed || silent.size > 0) return false;
  for (const older of leaving.values()) if (!older.listed) return false;
  return true;
}

/** The jail if it runs. */
export function runningJail(jail: ObservedJail | undefined): Jail | undefined {
  const sighting = jail?.sighting;
  return sighting && 'jail' in sighting ? sighting.jail : undefined;
}

/** Its number in the system's list of jails, also of one that runs but cannot be entered; Linux has no such numbers. */
export function jidOf(jail: ObservedJail | undefined): number | undefined {
  const sighting = jail?.sighting;
  if (!sighting || 'absent' in sighting) return undefined;
  if ('refused' in sighting) return sighting.jid;
  return sighting.jail.kind === 'jail' ? sighting.jail.jid : undefined;
}
