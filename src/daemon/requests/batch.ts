/** So many rows travel in one line; between two lines the loop may turn. */
const ROWS_AT_ONCE = 200;

/** Sends things in batches, with a turn of the loop between two. */
export async function sendInBatches<T>(
  things: Iterable<T>,
  send: (batch: readonly T[]) => Promise<void>,
): Promise<void> {
  let batch: T[] = [];
  for (const thing of things) {
    if (batch.push(thing) < ROWS_AT_ONCE) continue;
    await send(batch);
    batch = [];
    await new Promise(setImmediate);
  }
  if (batch.length > 0) await send(batch);
}
