import { readFile } from 'node:fs/promises';

/** What one command has written down of itself. */
export interface Errand {
  readonly id: string;
  readonly slot: string;
  readonly pid: number;
  /** The keeper, if it lived still. */
  readonly parent: number;
  /** Nanoseconds of CLOCK_MONOTONIC. */
  readonly at: bigint;
  /** Its exit code, if it came to its end. */
  code?: number;
  /** Another command of the same probe had not ended. */
  overlap?: true;
}

export interface Ledger {
  /** By the trigger's id. */
  readonly errands: ReadonlyMap<string, Errand>;
  /** Ids under which more than one command has begun. */
  readonly twice: readonly string[];
}

export async function readLedger(file: string): Promise<Ledger> {
  const errands = new Map<string, Errand>();
  const twice: string[] = [];
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const [what, id = '', ...rest] = line.split(' ');
    if (what === 'began') {
      const [slot = '', pid, parent, at = '0'] = rest;
      if (errands.has(id)) twice.push(id);
      errands.set(id, { id, slot, pid: Number(pid), parent: Number(parent), at: BigInt(at) });
    } else if (what === 'ended') {
      const errand = errands.get(id);
      if (errand) errand.code = Number(rest[0]);
    } else if (what === 'overlap') {
      const errand = errands.get(id);
      if (errand) errand.overlap = true;
    }
  }
  return { errands, twice };
}
