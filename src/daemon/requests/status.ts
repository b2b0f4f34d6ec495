import type { Handler } from '../../control/server.ts';
import { stamp } from '../../history/entry.ts';
import { probeStatuses } from '../../history/status.ts';
import { sendInBatches } from './batch.ts';
import type { Services } from './services.ts';

/** `status`: every probe in rows, then what the daemon says of itself. */
export function statusHandler({ loop, reloader, config, version, startedAt }: Services): Handler {
  return async (_, reply) => {
    const { observed, desired } = loop;
    const { generation, loadedAt, error, warnings } = reloader.standing;
    await sendInBatches(probeStatuses(desired, observed, loadedAt), (probes) => reply.row(probes));
    const keeper = observed.keeper;
    return {
      daemon: { pid: process.pid, version, startedAt: stamp(startedAt) },
      ...(keeper && {
        keeper: {
          pid: keeper.pid,
          startedAt: stamp(keeper.startedAt),
          version: keeper.version,
          epoch: keeper.epoch,
        },
      }),
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
