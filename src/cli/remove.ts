import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import type { Common } from './common.ts';
import { print, printJson } from './render.ts';

/** `remove ID`: takes an ad hoc probe away. */
export async function remove({ socket, json }: Common, id: string): Promise<number> {
  const removed = await ask<{ id: string; jail: string; title: string }>(socket, { verb: 'remove', id });
  if (json) await printJson({ version: 1, ...removed });
  else await print(`${removed.id} is taken away from jail ${removed.jail}\n`);
  return EXIT.ok;
}
