import type { Handler } from '../../control/server.ts';
import { runningJail } from '../../plan/observed.ts';
import { sendInBatches } from './batch.ts';
import type { Services } from './services.ts';

/** `jails`: those that run. */
export function jailsHandler({ loop }: Services): Handler {
  return async (_, reply) => {
    const running = [...loop.observed.jails.values()].flatMap((observed) => {
      const jail = runningJail(observed);
      if (!jail) return [];
      const { name, kind, instance, jid, pid, path, hostname } = jail;
      return [
        {
          name,
          kind,
          instance,
          ...(jid !== undefined && { jid }),
          ...(pid !== undefined && { pid }),
          ...(path !== undefined && { path }),
          ...(hostname !== undefined && { hostname }),
        },
      ];
    });
    await sendInBatches(running, (rows) => reply.row(rows));
    return {};
  };
}
