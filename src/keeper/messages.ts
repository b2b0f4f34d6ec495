import type { Frame } from './frame.ts';

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
      readonly seq: number;
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
  | { readonly type: 'listed'; readonly records: number; readonly seq: number }
  /** What only a keeper of another version says. An event of that kind is acknowledged like any other. */
  | { readonly type: 'foreign'; readonly verb: string; readonly epoch: string; readonly seq?: number };

/** What every version says, and means the same by (PROTOCOL.md, "What never changes"). */
const LASTING: ReadonlySet<string> = new Set([
  'hello',
  'superseded',
  'ok',
  'refused',
  'record',
  'listed',
  'fired',
  'started',
  'finished',
  'removed',
]);

/** Reads what a keeper of another version said: no more of it than what never changes. @throws as `readMessage` */
export function readForeignMessage(frame: Frame, epoch: string): Message {
  if (LASTING.has(frame.verb)) return readMessage(frame, epoch);
  const seq = Number(frame.fields.get('seq')?.[0]);
  return { type: 'foreign', verb: frame.verb, epoch, ...(Number.isSafeInteger(seq) && { seq }) };
}

/** Reads what the keeper of this epoch said. @throws Error naming the verb and the field, if it is not of this protocol */
export function readMessage(frame: Frame, epoch: string): Message {
  const { verb } = frame;
  const optional = (name: string): string | undefined => frame.fields.get(name)?.[0];
  const text = (name: string): string => {
    const value = optional(name);
    if (value === undefined) throw new Error(`keeper: ${verb} without ${name}`);
    return value;
  };
  const toNumber = (name: string, value: string): number => {
    if (!/^\d{1,16}$/.test(value)) throw new Error(`keeper: ${verb} with ${name}=${JSON.stringify(value)}`);
    return Number(value);
  };
  const number = (name: string): number => toNumber(name, text(name));
  const count = (name: string): number | undefined => {
    const value = optional(name);
    return value === undefined ? undefined : toNumber(name, value);
  };
  /** Leaves out what is absent, so that a message never holds `undefined`. */
  const some = <K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } =>
    (value === undefined ? {} : { [name]: value }) as { [P in K]?: V };
  const ending = (): Ending => ({
    ...some('exitCode', count('exit')),
    ...some('signal', count('signal')),
    ...some('stage', optional('stage')),
    ...some('errno', count('errno')),
  });
  const numbered = () => ({ epoch, seq: number('seq'), at: number('at') });

  switch (verb) {
    case 'hello':
      return {
        type: verb,
        version: number('version'),
        epoch: text('epoch'),
        pid: number('pid'),
        started: number('started'),
        seq: number('seq'),
        nofile: count('nofile') ?? 0,
        draining: optional('draining') === '1',
      };
    case 'superseded':
    case 'look':
      return { type: verb };
    case 'ok':
      return { type: verb, ref: number('ref'), ...some('run', optional('id')) };
    case 'refused':
      return {
        type: verb,
        verb: text('verb'),
        why: text('why'),
        ...some('ref', count('ref')),
        ...some('id', optional('key')),
      };
    case 'record':
      return { type: verb, record: readRecord() };
    case 'listed':
      return { type: verb, records: number('records'), seq: number('seq') };
    case 'armed':
      return {
        type: verb,
        ...numbered(),
        id: text('key'),
        tag: text('tag'),
        instance: text('instance'),
        pid: number('pid'),
        title: text('title'),
      };
    case 'held':
      return {
        type: verb,
        ...numbered(),
        id: text('key'),
        instance: text('instance'),
        reason: text('reason') as HoldReason,
        ...some('until', count('until')),
      };
    case 'died':
      return {
        type: verb,
        ...numbered(),
        id: text('key'),
        instance: text('instance'),
        pid: number('pid'),
        ending: ending(),
      };
    case 'failed':
      return {
        type: verb,
        ...numbered(),
        id: text('key'),
        instance: text('instance'),
        stage: text('stage'),
        errno: number('errno'),
        ...some('pid', count('pid')),
      };
    case 'spent':
    case 'removed':
      return { type: verb, ...numbered(), id: text('key'), instance: text('instance') };
    case 'gone':
      return { type: verb, ...numbered(), instance: text('instance') };
    case 'fired':
      return {
        type: verb,
        ...numbered(),
        id: text('key'),
        instance: text('instance'),
        run: text('id'),
        by: text('by') === 'host' ? 'host' : 'jail',
        once: optional('once') === '1',
      };
    case 'started':
      return {
        type: verb,
        ...numbered(),
        id: text('key'),
        run: text('id'),
        pid: number('pid'),
        ...some('marker', count('marker')),
      };
    case 'finished':
      return {
        type: verb,
        ...numbered(),
        id: text('key'),
        run: text('id'),
        duration: number('duration'),
        ending: ending(),
        timedOut: optional('timedout') === '1',
        folded: count('folded') ?? 0,
      };
    default:
      throw new Error(`keeper: unknown message ${JSON.stringify(verb)}`);
  }

  function readRecord(): ListedRecord {
    return {
      id: text('key'),
      tag: optional('tag') ?? '',
      instance: text('instance'),
      state: text('state') as RecordState,
      since: count('since') ?? 0,
      once: optional('once') === '1',
      ...some('pid', count('pid')),
      ...some('title', optional('title')),
      ...some('until', count('until')),
      ...some('reason', optional('reason') as HoldReason | undefined),
      runs: (frame.fields.get('run') ?? []).map(readRun),
    };
  }

  function readRun(value: string): ListedRun {
    const [id = '', pid = '', firedAt = '', startedAt = ''] = value.split(' ');
    const numbers = { pid: toNumber('run', pid), startedAt: toNumber('run', startedAt) };
    return {
      id,
      firedAt: toNumber('run', firedAt),
      ...some('pid', numbers.pid || undefined),
      ...some('startedAt', numbers.startedAt || undefined),
    };
  }
}
