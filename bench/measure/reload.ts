import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../quantile.ts';
import type { Ours } from '../rig/ours.ts';
import type { Row } from '../row.ts';
import { timed } from './timed.ts';

const ROUNDS = 7;

/** `jaildaemon reload`, from the shell to its end, when no file has changed. */
export async function reloadUnchanged({ cli }: Ours, probes: number): Promise<Row[]> {
  const took: number[] = [];
  while (took.length < ROUNDS) {
    took.push(await timed(() => cli('reload')));
    await pause(300);
  }
  return [row('reload, nothing changed', probes, took, 300)];
}

/** From renaming the file in which one command was edited to the end of the `reload` that is typed at once. */
export async function reloadOneChanged(
  { cli, config }: Ours,
  probes: number,
  what: string,
  atMost: number,
): Promise<Row[]> {
  const took: number[] = [];
  const file = config.holding(0);
  while (took.length < ROUNDS) {
    await writeFile(`${file}.new`, config.text(0, { variant: `edit-${took.length}` }), { mode: 0o600 });
    took.push(
      await timed(async () => {
        await rename(`${file}.new`, file);
        await cli('reload');
      }),
    );
    await pause(1000);
  }
  return [row(`reload, one changed in ${what}`, probes, took, atMost)];
}

function row(what: string, probes: number, took: readonly number[], atMost: number): Row {
  return { what, probes, unit: 'ms', ours: median(took), goal: { of: 'ours', atMost }, samples: took.length };
}
