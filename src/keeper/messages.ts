export type RecordState =
  | 'entering'
  | 'armed'
  | 'running'
  | 'cooling'
  | 'spent'
  | 'idle'
  | 'removing'
  | 'removed';
export type HoldReason = 'cooldown' | 'concurrency' | 'brake' | 'queue' | 'budget';

/** A command as the keeper lists it; `startedAt` is absent while it waits for the budget. Times: ms since 1970. */
export interface ListedRun {
  readonly id: string;
  readonly pid?: number;
  readonly firedAt: number;
  readonly startedAt?: number;
}

/** How a process or a run ended. */
export interface Ending {
  readonly exitCode?: number;
  readonly signal?: number;
  readonly stage?: string;
  readonly errno?: number;
}

interface Numbered {
  /** Of the keeper that tells it: numbers are each keeper's own. */
  readonly epoch: string;
  readonly seq: number;
  /** ms since 1970. */
  readonly at: number;
}

/** What happened to one probe; `id` is the probe's, `run` the trigger's. */
export type ProbeEvent = Numbered &
  (
    | {
        readonly type: 'armed';
        readonly id: string;
        readonly tag: string;
        readonly instance: string;
        readonly pid: number;
        readonly title: string;
      }
    | {
        readonly type: 'held';
        readonly id: string;
        readonly instance: string;
        readonly reason: HoldReason;
        readonly until?: number;
      }
    | {
        readonly type: 'died';
        readonly id: string;
        readonly instance: string;
        readonly pid: number;
        readonly ending: Ending;
      }
    | {
        readonly type: 'failed';
        readonly id: string;
        readonly instance: string;
        readonly stage: string;
        readonly errno: number;
        /** Of the older process that still serves, where this was to replace it. */
        readonly pid?: number;
      }
    | { readonly type: 'spent'; readonly id: string; readonly instance: string }
    /** A disarmed probe has no process any more: nothing can trigger it there. */
    | { readonly type: 'removed'; readonly id: string; readonly instance: string }
    | {
        readonly type: 'fired';
        readonly id: string;
        readonly instance: string;
        readonly run: string;
        readonly by: 'jail' | 'host';
        /** Its respawn mode is `never`: this is the one trigger that it has in this instance. */
        readonly once: boolean;
      }
    | {
        readonly type: 'started';
        readonly id: string;
        readonly run: string;
        readonly pid: number;
        readonly marker?: number;
      }
    | {
        readonly type: 'finished';
        readonly id: string;
        readonly run: string;
        readonly duration: number;
        readonly ending: Ending;
        readonly timedOut: boolean;
        readonly folded: number;
      }
  );

/** The process that stood for a jail's instance has ended. */
export type GoneEvent = Numbered & { readonly type: 'gone'; readonly instance: string };

export interface ListedRecord {
  readonly id: string;
  readonly tag: string;
  readonly instance: string;
  readonly state: RecordState;
  readonly since: number;
  /** It runs its one command (`respawn: never`). */
  readonly once: boolean;
  readonly pid?: number;
  readonly title?: string;
  readonly until?: number;
  readonly reason?: HoldReason;
  readonly runs: readonly ListedRun[];
}

/** Everything that the keeper says. */
export type Message =
  | ProbeEvent
  | GoneEvent
  | {
      readonly type: 'hello';
      readonly version: number;
      readonly epoch: string;
      readonly pid: number;
      readonly started: number;
      /** Its limit of open files; 0 where another version does not tell. */
      readonly nofile: number;
      /** It begins nothing new, and ends when it has nothing left. */
      readonly draining: boolean;
    }
  | { readonly type: 'superseded' }
  /** The system's jails have changed: a hint to look. */
  | { readonly type: 'look' }
  | { readonly type: 'ok'; readonly ref: number; readonly run?: string }
  | {
      readonly type: 'refused';
      readonly verb: string;
      readonly why: string;
      readonly ref?: number;
      readonly id?: string;
    }
  | { readonly type: 'record'; readonly record: ListedRecord }
  /** The last record of the list has been told. */
  | { readonly type: 'listed' }
  /** What only a keeper of another version says. An event of that kind is acknowledged like any other. */
  | { readonly type: 'foreign'; readonly verb: string; readonly epoch: string; readonly seq?: number };
