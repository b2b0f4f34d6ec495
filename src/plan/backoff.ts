/** The shortest and the longest wait before the next try, in ms. */
const FIRST = 250;
const LONGEST = 60_000;
/** A probe that lived so long was well: the next trouble counts from one again. */
const WELL_AFTER = 10_000;

/** When to try again after `tries` troubles in a row: 250 ms, doubled each time, a minute at most. */
export function retryAt(now: number, tries: number): number {
  return now + Math.min(FIRST * 2 ** (tries - 1), LONGEST);
}

/** How many troubles in a row this one makes. */
export function countTries(
  earlier: { readonly at: number; readonly tries: number; readonly retryAt: number } | undefined,
  now: number,
): number {
  return earlier && now - earlier.retryAt < WELL_AFTER ? earlier.tries + 1 : 1;
}
