import { Complaint, EXIT } from '../control/protocol.ts';
import type { Event } from '../event.ts';
import { NOTHING_OBSERVED, type Observed } from '../plan/observed.ts';
import { reasonOf } from '../reason.ts';
import type { Disk } from './disk.ts';
import { displaced } from './displaced.ts';
import type { Keepers } from './keepers/keepers.ts';
import type { Looker } from './looker.ts';
import type { Loop } from './loop.ts';
import { recall } from './recall.ts';
import { whereaboutsOf } from './wish.ts';
import { settleAll } from './settle.ts';
import { rememberedEvent } from './facts.ts';

export interface BeginParts {
  readonly loop: Loop;
  readonly looker: Looker;
  readonly keepers: Keepers;
  readonly disk: Disk;
  readonly say: (level: 'warn' | 'error', what: string, why?: string) => void;
}

/**
 * Learns what there is, in an order in which nothing can be lost: what is remembered, what the file wants, which jails run,
 * and only then what the keepers have and tell.
 *
 * @param first of the file
 * @param asked aborted when the daemon is to end while it still starts
 * @throws Complaint when there can be no keeper
 */
export async function begin(parts: BeginParts, first: readonly Event[], asked: AbortSignal): Promise<void> {
  const { loop, looker, keepers, say } = parts;
  const { state, journal, written } = parts.disk;
  loop.post(rememberedEvent(state.facts, Date.now()), ...first);
  await recall({ journal, post: (event) => loop.post(event), say });
  await written.recall(journal.readBack());
  const adhoc = new Map(state.facts.adhoc.map((one) => [one.id, one]));
  const sightings = await looker.survey(whereaboutsOf(loop.wish, { ...NOTHING_OBSERVED, adhoc }));
  loop.post({ type: 'sighted', at: Date.now(), sightings });
  await new Promise(setImmediate);
  // The file may have changed since, or a daemon have died before it refused the second of two.
  loop.post(...displaced(loop.wish, loop.observed, Date.now()));
  try {
    await keepers.engage();
  } catch (error) {
    throw new Complaint(EXIT.unavailable, `the keeper cannot be started: ${reasonOf(error)}`);
  }
  await settleAll(loop, asked);
}

/** Why a daemon that is ready does not do all it should: a keeper that is stopped. */
export function standstillOf({ silent, keeper }: Observed): string | undefined {
  const [mute] = silent.values();
  const pid = mute?.pid ?? keeper?.pid;
  if (!mute && !keeper?.stopped) return undefined;
  const who = `the keeper${pid === undefined ? '' : `, pid ${pid},`}`;
  const state = mute && !mute.stopped ? 'does not answer' : 'is stopped';
  return `${who} ${state}: its probes stay, and nothing is armed or changed until it goes on`;
}
