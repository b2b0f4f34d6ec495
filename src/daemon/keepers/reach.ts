import { setTimeout as wait } from 'node:timers/promises';
import type { Roster } from './roster.ts';

/** Before each further try, ms: who has just died is refused at once, who is short of descriptors may have some again. */
const WAITS = [0, 100, 200, 400, 800];

/**
 * Opens a line to every keeper that lives, and waits until it has said hello, or for a while. Whose line breaks meanwhile may
 * live all the same: only a refused connect(2) says that it is dead.
 *
 * @param connected called whenever all that live have just been found
 * @throws Error when one lives and cannot be spoken to: none must be started beside it, nor any ended for it
 */
export async function reachAll(
  roster: Pick<Roster, 'connectAll' | 'untilHeard' | 'unreached'>,
  connected: () => void,
  isClosed: () => boolean,
): Promise<void> {
  let unreached: readonly string[] = [];
  for (const ms of [undefined, ...WAITS]) {
    if (ms !== undefined) await wait(ms);
    if (isClosed()) return;
    await roster.connectAll();
    connected();
    await roster.untilHeard();
    unreached = await roster.unreached();
    if (unreached.length === 0) return;
  }
  throw new Error(
    `keeper ${unreached.join(', ')} lives, but closes every line to it at once: none is started beside it`,
  );
}
