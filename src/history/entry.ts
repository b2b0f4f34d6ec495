import { constants } from 'node:os';
import type { Ending } from '../keeper/messages.ts';

/**
 * One trigger and how it ended: what `history --json` prints, a line each. Times are RFC 3339 with milliseconds,
 * durations ms of a clock that never jumps; what is not known is absent.
 */
export interface Entry {
  readonly id: string;
  readonly probe: string;
  readonly jail: string;
  readonly instance: string;
  readonly title: string;
  readonly firedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  /** Absent once the command ended by itself or by a signal. */
  readonly fate?: 'queued' | 'running' | 'failed' | 'unknown';
  /** Where a command that never ran had failed. */
  readonly stage?: string;
  readonly errno?: string;
  readonly timedOut?: true;
  /** Deaths by HUP that belong to this trigger besides its own (a probe that was just being replaced). */
  readonly folded?: number;
  /** `jail`: by a signal; the host's root can send one too. */
  readonly by: 'jail' | 'host';
}

/** The two lines of the history file that make one entry. */
export type Line =
  | ({ readonly t: 'fired' } & Pick<Entry, 'id' | 'probe' | 'jail' | 'instance' | 'title' | 'firedAt' | 'by'>)
  | ({ readonly t: 'ended' } & Pick<Entry, 'id'> & Partial<Omit<Entry, 'id'>>);

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]));
/** Of two names for one number the first: EAGAIN, and not EWOULDBLOCK. */
const ERRNOS = new Map(
  Object.entries(constants.errno)
    .toReversed()
    .map(([name, number]) => [number as number, name]),
);

/** `9` → `SIGKILL`; a number without a name as it is. */
function signalName(signal: number): string {
  return SIGNALS.get(signal) ?? `signal ${signal}`;
}

/** `2` → `ENOENT`; a number without a name as it is. */
export function errnoName(errno: number): string {
  return ERRNOS.get(errno) ?? `errno ${errno}`;
}

/** An ending in the words of an entry. */
export function endingFields(
  ending: Ending,
): Pick<Entry, 'exitCode' | 'signal' | 'fate' | 'stage' | 'errno'> {
  if (ending.stage !== undefined)
    return {
      fate: 'failed',
      stage: ending.stage,
      ...(ending.errno !== undefined && { errno: errnoName(ending.errno) }),
    };
  if (ending.signal !== undefined) return { signal: signalName(ending.signal) };
  if (ending.exitCode !== undefined) return { exitCode: ending.exitCode };
  return { fate: 'unknown' };
}

/** Back from the words of an entry. */
export function endingOf(entry: Partial<Entry>): Ending {
  const signal = entry.signal === undefined ? undefined : numberOf(SIGNALS, entry.signal);
  const errno = entry.errno === undefined ? undefined : numberOf(ERRNOS, entry.errno);
  return {
    ...(entry.exitCode !== undefined && { exitCode: entry.exitCode }),
    ...(signal !== undefined && { signal }),
    ...(entry.stage !== undefined && { stage: entry.stage }),
    ...(errno !== undefined && { errno }),
  };
}

function numberOf(names: ReadonlyMap<number, string>, name: string): number | undefined {
  for (const [number, known] of names) if (known === name) return number;
  return /(\d+)$/.test(name) ? Number(/(\d+)$/.exec(name)?.[1]) : undefined;
}

/** Milliseconds since 1970 as RFC 3339. */
export function stamp(ms: number): string {
  return new Date(ms).toISOString();
}
