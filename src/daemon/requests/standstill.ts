import { Complaint, EXIT } from '../../control/protocol.ts';
import { standstillOf } from '../begin.ts';
import type { Services } from './services.ts';

/**
 * Who asks for something that only the keeper can do must not wait for one that is stopped, and have it done at some
 * later time when nobody expects it any more.
 *
 * @throws Complaint (busy): nothing was ordered
 */
export async function refuseStandstill({ keepers, loop }: Pick<Services, 'keepers' | 'loop'>): Promise<void> {
  await keepers.look();
  await new Promise(setImmediate);
  const why = standstillOf(loop.observed);
  if (why !== undefined)
    throw new Complaint(EXIT.busy, why, 'let it go on (kill -CONT), and try again; nothing was done');
}
