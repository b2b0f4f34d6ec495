import { PROTOCOL_VERSION } from '../../keeper/connection.ts';
import type { Keeper } from '../../keeper/keeper.ts';
import type { ListedRecord, Message } from '../../keeper/messages.ts';
import type { Departure } from '../../keeper/version-1.ts';
import type { Watched } from './stopped.ts';

export type Hello = Extract<Message, { type: 'hello' }>;

/**
 * One of the daemon's keepers, and its place.
 *
 * ```
 *  a socket ──connect──► silent ──hello──► current ──replaced──► leaving ──nothing left──► gone
 *                           │                                       ▲
 *                           └──────── another version, draining ────┘
 * ```
 */
export interface Member extends Watched {
  readonly keeper: Keeper;
  hello?: Hello;
  /** `replaced`: the current one, while its successor is on its way. */
  role: 'silent' | 'current' | 'replaced' | 'leaving';
  /** Of the list that it is telling. */
  records: ListedRecord[];
  departure?: Departure;
  /** Resolves when it has said hello, or is lost. */
  readonly heard: Promise<void>;
  readonly hear: () => void;
}

/** What is to become of those that have said hello and have no place yet. */
export interface Places {
  /** The current one, or the one that is to be; absent: one must be started. */
  readonly current?: Member;
  readonly leaving: readonly Member[];
}

/**
 * Probes are armed in one keeper. Others leave: those of another version, those that were told to drain, and all but the
 * newest where there are several for whatever reason.
 */
export function choosePlaces(members: Iterable<Member>): Places {
  const all = [...members];
  // One that leaves has been told to drain since it said hello.
  const placeless = all.filter(({ role }) => role === 'silent');
  const current =
    all.find(({ role }) => role === 'current') ?? placeless.filter(mayBeCurrent).sort(byAge).at(-1);
  const leaving = placeless.filter((member) => member !== current);
  return { ...(current && { current }), leaving };
}

/** One of ours, that goes on as it is. */
export function mayBeCurrent({ hello }: Member): boolean {
  return hello?.version === PROTOCOL_VERSION && !hello.draining;
}

function byAge(a: Member, b: Member): number {
  return (a.hello?.started ?? 0) - (b.hello?.started ?? 0);
}
