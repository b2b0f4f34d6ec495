import type { Diagnostic } from './config/diagnostic.ts';
import type { Sighting } from './jails/jail.ts';
import type { Orphan } from './keeper/markers.ts';
import type { GoneEvent, ListedRecord, ProbeEvent } from './keeper/messages.ts';
import type { Newest } from './plan/counted.ts';
import type { Adhoc, LastTrigger } from './plan/observed.ts';
import type { Wanted } from './plan/wanted.ts';

/**
 * Everything that can happen to the daemon. `learn` reads it, `log.ts` writes it down, nothing else decides by it.
 * `at` is when, in milliseconds since 1970.
 */
export type Event =
  | ConfigEvent
  | JailEvent
  | KeeperEvent
  | ProbeEvent
  | GoneEvent
  | OrderEvent
  | OrphanEvent
  | AdhocEvent
  | PastEvent
  | DaemonEvent;

export type ConfigEvent =
  /** A configuration was loaded and holds from now on. */
  | { readonly type: 'configured'; readonly at: number; readonly generation: number; readonly file: string }
  /** It was read again and nothing had changed. */
  | {
      readonly type: 'unchanged';
      readonly at: number;
      readonly generation: number;
      readonly file: string;
      /** It was in error before. */
      readonly healed?: true;
    }
  /** It has errors and changes nothing. */
  | {
      readonly type: 'misconfigured';
      readonly at: number;
      readonly file: string;
      readonly diagnostics: readonly Diagnostic[];
    };

export type JailEvent = {
  readonly type: 'sighted';
  readonly at: number;
  readonly sightings: readonly Sighting[];
};

export type KeeperEvent =
  /** It has a place from now on: probes are armed in the current one, and leave all others. */
  | {
      readonly type: 'keeper-found';
      readonly at: number;
      readonly epoch: string;
      readonly pid: number;
      readonly version: number;
      readonly startedAt: number;
      readonly leaving?: true;
      /** Its limit of open files. */
      readonly descriptors?: number;
    }
  /** An event that only keepers of another version tell. */
  | { readonly type: 'keeper-foreign'; readonly at: number; readonly epoch: string; readonly seq: number }
  /** It lives and has not said a word, since it is stopped or very busy. */
  | {
      readonly type: 'keeper-silent';
      readonly at: number;
      readonly epoch: string;
      readonly pid?: number;
      readonly stopped: boolean;
    }
  /** It was stopped by a signal or a tracer, or goes on. */
  | {
      readonly type: 'keeper-stopped';
      readonly at: number;
      readonly epoch: string;
      readonly stopped: boolean;
    }
  | {
      readonly type: 'keeper-listed';
      readonly at: number;
      readonly epoch: string;
      readonly records: readonly ListedRecord[];
    }
  /** The line to it has broken: it has ended, as a rule. */
  | {
      readonly type: 'keeper-lost';
      readonly at: number;
      readonly epoch: string;
      readonly why: string;
      /** It was being replaced: to end is what it was told. */
      readonly leaving?: true;
    };

export type OrderEvent =
  | {
      readonly type: 'ordered';
      readonly at: number;
      readonly order: 'arm' | 'update';
      readonly want: Wanted;
      readonly jail: string;
      readonly tag: string;
      readonly instance: string;
    }
  | { readonly type: 'disarmed'; readonly at: number; readonly id: string; readonly jail: string }
  /** An older keeper was told to take it away. */
  | {
      readonly type: 'releasing';
      readonly at: number;
      readonly epoch: string;
      readonly id: string;
      readonly jail: string;
    }
  | {
      readonly type: 'order-refused';
      readonly at: number;
      readonly id: string;
      readonly verb: string;
      readonly why: string;
    };

export type AdhocEvent =
  | { readonly type: 'attached'; readonly at: number; readonly adhoc: Adhoc }
  | { readonly type: 'detached'; readonly at: number; readonly id: string; readonly why: string };

/** A keeper has died while its commands ran: they are known by the markers that they left, and watched by pid. */
export type OrphanEvent =
  | {
      readonly type: 'orphaned';
      readonly at: number;
      /** `told`: that it was fired is in the history. */
      readonly commands: readonly (Orphan & { readonly told: boolean })[];
    }
  /** Nobody saw how it ended; `told`: but for the history, which has it. */
  | {
      readonly type: 'orphan-ended';
      readonly at: number;
      readonly id: string;
      readonly run: string;
      readonly told: boolean;
    };

/** What earlier daemons left: facts of the state file, and the triggers of the history. */
export type PastEvent =
  | {
      readonly type: 'remembered';
      readonly at: number;
      readonly adhoc: readonly Adhoc[];
      readonly spent: readonly (readonly [id: string, jail: string, instance: string])[];
    }
  | {
      readonly type: 'recalled';
      readonly at: number;
      readonly probes: readonly {
        readonly id: string;
        readonly jail: string;
        readonly runs: number;
        readonly last: LastTrigger;
      }[];
      /** Of each keeper, also of those that are dead. */
      readonly newest: Newest;
    };

/** Of the daemon itself: for the log. */
export type DaemonEvent = {
  readonly type: 'daemon';
  readonly at: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly what: string;
  readonly why?: string;
};
