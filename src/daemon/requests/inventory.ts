import type { Handler } from '../../control/server.ts';
import type { Inventory, InventoryJail, InventoryProbe } from '../../doctor/inventory.ts';
import { runningJail } from '../../plan/observed.ts';
import { sendInBatches } from './batch.ts';
import type { Services } from './services.ts';

/** `inventory`: every wanted probe in rows, then what else there is to look at, for `jaildaemon doctor`. */
export function inventoryHandler({ loop, config, own, version }: Services): Handler {
  return async (_, reply) => {
    const { observed } = loop;
    await sendInBatches(probes(loop), (rows) => reply.row(rows));
    const jails = [...observed.jails.values()].flatMap((one): InventoryJail[] => {
      const jail = runningJail(one);
      if (!jail) return [];
      const { name, kind, pid, path } = jail;
      return [{ name, kind, ...(pid !== undefined && { pid }), ...(path !== undefined && { path }) }];
    });
    const { keeper } = observed;
    return {
      daemon: { pid: process.pid, version, uid: process.getuid?.() ?? 0 },
      ...(keeper && { keeper: { pid: keeper.pid, epoch: keeper.epoch } }),
      config,
      own,
      jails,
    } satisfies Omit<Inventory, 'probes'>;
  };
}

function* probes({ observed, desired }: Services['loop']): Generator<InventoryProbe> {
  for (const jail of new Set([...desired.jailNames, ...observed.jails.keys()])) {
    for (const { id, probe } of desired.forJail(jail).values()) {
      const held = observed.jails.get(jail)?.probes.get(id)?.held;
      const { title, uid, gid, groups, argv, origin } = probe;
      yield {
        id,
        jail,
        title: held?.shownTitle ?? title,
        uid,
        gid,
        groups,
        argv,
        ...(held?.state === 'armed' && held.pid !== undefined && { pid: held.pid }),
        origin: { file: origin.file, line: origin.line },
      };
    }
  }
}
