/** What a trigger's id looks like, `EPOCH-NUMBER`: it becomes a file name, so nothing else may. */
export const TRIGGER_ID = /^[0-9a-f]{8}-\d{1,16}$/;

/** The epoch of the keeper in which it was fired, and its number there, which counts up. */
export function partsOf(run: string): readonly [epoch: string, number: number] {
  return [epochOf(run), Number(run.slice(run.indexOf('-') + 1))];
}

/** The epoch of the keeper in which it was fired. */
export function epochOf(run: string): string {
  return run.slice(0, run.indexOf('-'));
}
