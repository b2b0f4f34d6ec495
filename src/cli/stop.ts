import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import type { Common } from './program.ts';
import { print, printJson } from './render.ts';

/** `stop`: answers when every probe is away and the keeper has ended. */
export async function stop({ socket, json }: Common): Promise<number> {
  const { pid } = await ask<{ pid: number }>(socket, { verb: 'stop' });
  if (json) await printJson({ version: 1, pid });
  else await print(`stopped: daemon pid ${pid}, its keeper and every probe\n`);
  return EXIT.ok;
}
