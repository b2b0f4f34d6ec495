import { ask } from '../control/client.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import type { Entry } from '../history/entry.ts';
import type { Common } from './common.ts';
import { duration, localTime, outcome, print, printJson, table } from './render.ts';
import { printable } from '../printable.ts';

/** `history [glob]`: the newest triggers, the newest last; `--follow` goes on until it is interrupted. */
export async function history(
  { socket, json }: Common,
  glob: string | undefined,
  options: { readonly count: string; readonly follow?: boolean },
): Promise<number> {
  if (!/^\d{1,6}$/.test(options.count))
    throw new Complaint(
      EXIT.usage,
      `-n ${JSON.stringify(options.count)}: a number from 0 to 999999 is wanted`,
    );
  const follow = options.follow ?? false;
  const entries: Entry[] = [];
  let shown = Promise.resolve();
  const request = {
    verb: 'history',
    count: Number(options.count),
    follow,
    ...(glob !== undefined && { glob }),
  };
  await ask(socket, request, (rows: readonly Entry[]) => {
    for (const entry of rows) {
      if (json) shown = printJson(entry);
      else if (follow)
        shown = print(
          `${line(entry)
            .map((cell) => printable(cell))
            .join('  ')}\n`,
        );
      else entries.push(entry);
    }
  });
  await shown;
  if (!json && !follow)
    await print(
      entries.length === 0
        ? 'no triggers\n'
        : table(['FIRED', 'ID', 'PROBE', 'TITLE', 'BY', 'TOOK', 'OUTCOME'], entries.map(line)),
    );
  return EXIT.ok;
}

function line(entry: Entry): string[] {
  const took = entry.durationMs === undefined ? '-' : duration(entry.durationMs);
  return [localTime(entry.firedAt), entry.id, entry.probe, entry.title, entry.by, took, outcome(entry)];
}
