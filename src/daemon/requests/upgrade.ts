import { Complaint, EXIT } from '../../control/protocol.ts';
import type { Handler } from '../../control/server.ts';
import { refuseWhileEnding } from '../ending.ts';
import { settleAll } from '../settle.ts';
import type { Services } from './services.ts';
import { refuseStandstill } from './standstill.ts';

/** What is posted is learned in the next turn; a machine may be very busy, ms. */
const LEARNED_WITHIN = 15_000;

/** `upgrade`: this daemon ends, and leaves all it has to the next one. Answers with what that one needs to know. */
export function upgradeHandler({ ending, options, version, loop }: Services): Handler {
  return async () => {
    refuseWhileEnding(ending);
    const { readyFd, ...how } = options;
    const unrecorded = loop.unrecorded;
    await ending.leave();
    return {
      pid: process.pid,
      version,
      foreground: readyFd === undefined,
      options: how,
      ...(unrecorded !== undefined && { unrecorded }),
    };
  };
}

/** `replace-keeper`: answers when all has moved to the new one that can: a probe whose command runs follows later. */
export function replaceKeeperHandler({ keepers, loop, ending }: Services): Handler {
  return async (_, reply) => {
    refuseWhileEnding(ending);
    await refuseStandstill({ keepers, loop });
    const older = loop.observed.keeper;
    if (!older?.listed)
      throw new Complaint(EXIT.busy, 'there is no keeper at the moment', 'try again in a second');
    refuseWhileEnding(ending);
    await keepers.replace();
    const installed = (): true | undefined =>
      loop.observed.keeper && loop.observed.keeper.epoch !== older.epoch ? true : undefined;
    await loop.until(installed, LEARNED_WITHIN, reply.gone);
    await settleAll(loop, reply.gone);
    return { pid: older.pid };
  };
}
