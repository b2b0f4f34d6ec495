import type { Diagnostic } from '../../config/diagnostic.ts';
import { createLoader, type LoadResult } from '../../config/load.ts';
import { Complaint, EXIT, optionalText } from '../../control/protocol.ts';
import type { Handler } from '../../control/server.ts';
import { stamp } from '../../history/entry.ts';
import { totalsOf, type Change } from '../../plan/plan.ts';
import { whereaboutsOf, wishFor } from '../wish.ts';
import { settle } from '../settle.ts';
import { sendInBatches } from './batch.ts';
import type { Services } from './services.ts';

/** `reload`: answers when what it ordered is there or has failed. */
export function reloadHandler({ reloader, loop }: Services): Handler {
  return async (_, reply) => {
    const reloaded = await reloader.reload(true);
    const changes = await settle(loop, reloaded.changes, reply.gone);
    await sendInBatches(changes, (rows) => reply.row(rows));
    return {
      ...outcome(reloaded.generation, reloaded.ok, changes, reloaded.diagnostics),
      ...(reloaded.since !== undefined && { since: stamp(reloaded.since) }),
    };
  };
}

/** `plan [file]`: what a reload would do; nothing is done. */
export function planHandler({ loop, looker, reloader, config, own }: Services): Handler {
  return async (args, reply) => {
    const file = optionalText(args, 'file') ?? config;
    if (!file.startsWith('/')) throw new Complaint(EXIT.usage, 'the file must be an absolute path');
    const result = await createLoader(file, { owner: process.getuid?.() ?? 0, lenient: false, own }).load();
    const changes = result.ok ? await rehearse(result) : [];
    await sendInBatches(changes, (rows) => reply.row(rows));
    return outcome(
      reloader.standing.generation,
      result.ok,
      changes,
      result.ok ? result.warnings : result.diagnostics,
    );
  };

  async function rehearse(result: LoadResult & { ok: true }): Promise<readonly Change[]> {
    if (result.digest === reloader.standing.digest) return loop.rehearse(loop.wish, []);
    const wish = wishFor(result.config);
    const sightings = await looker.survey(whereaboutsOf(wish, loop.observed));
    return loop.rehearse(wish, [{ type: 'sighted', at: Date.now(), sightings }]);
  }
}

function outcome(
  generation: number,
  ok: boolean,
  changes: readonly Change[],
  diagnostics: readonly Diagnostic[],
): object {
  return { generation, ok, totals: totalsOf(changes), ...(diagnostics.length > 0 && { diagnostics }) };
}
