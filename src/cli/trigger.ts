import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import type { Entry } from '../history/entry.ts';
import type { Common } from './common.ts';
import { outcome, print, printJson } from './render.ts';

/** `trigger JAIL TITLE`: prints the trigger's id; with `--wait` also how it ended, and exits 1 if it failed. */
export async function trigger(
  { socket, json }: Common,
  jail: string,
  title: string,
  options: { readonly wait?: boolean },
): Promise<number> {
  const wait = options.wait ?? false;
  const fired = await ask<Partial<Entry> & { id: string; probe: string }>(socket, {
    verb: 'trigger',
    jail,
    title,
    wait,
  });
  if (json) await printJson({ version: 1, ...fired });
  else await print(wait ? `${fired.id}  ${outcome(fired)}\n` : `${fired.id}\n`);
  return wait && fired.exitCode !== 0 ? EXIT.failed : EXIT.ok;
}
