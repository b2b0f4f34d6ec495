import type { Handler } from '../../control/server.ts';
import { stamp } from '../../history/entry.ts';
import { probeStatuses } from '../../history/status.ts';
import type { Observed, ObservedKeeper, SilentKeeper } from '../../plan/observed.ts';
import { sendInBatches } from './batch.ts';
import type { Services } from './services.ts';

/** `status`: every probe in rows, then what the daemon says of itself. */
export function statusHandler({ loop, keepers, reloader, config, version, startedAt }: Services): Handler {
  return async (_, reply) => {
    await keepers.look();
    // What was seen is learned in the next turn.
    await new Promise(setImmediate);
    const { observed, desired } = loop;
    const { generation, loadedAt, error, warnings } = reloader.standing;
    await sendInBatches(probeStatuses(desired, observed, loadedAt, Date.now()), (probes) =>
      reply.row(probes),
    );
    return {
      daemon: { pid: process.pid, version, startedAt: stamp(startedAt) },
      ...keepersOf(observed),
      config: {
        file: config,
        generation,
        loadedAt: stamp(loadedAt),
        ...(error && { error: { at: stamp(error.at), diagnostics: error.diagnostics } }),
        ...(warnings.length > 0 && { warnings }),
      },
      ...(loop.unrecorded !== undefined && { history: { error: loop.unrecorded } }),
    };
  };
}

/** The current keeper, or the one that keeps silent; and those that are on their way out. */
function keepersOf({ keeper, silent, leaving }: Observed): object {
  const shown = keeper ? describe(keeper) : [...silent].map(([epoch, one]) => describeSilent(epoch, one))[0];
  return {
    ...(shown && { keeper: shown }),
    ...(leaving.size > 0 && { leaving: [...leaving.values()].map(describe) }),
  };
}

function describe({ pid, startedAt, version, epoch, stopped }: ObservedKeeper): object {
  return { pid, startedAt: stamp(startedAt), version, epoch, ...(stopped && { state: 'stopped' }) };
}

function describeSilent(epoch: string, { pid, stopped }: SilentKeeper): object {
  return { ...(pid !== undefined && { pid }), epoch, state: stopped ? 'stopped' : 'silent' };
}
