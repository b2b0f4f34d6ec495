/** The candidate that a mistyped word was probably meant to be, if any is near enough. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // Of a word this long nobody guesses what was meant, and the table below would grow with its square.
  if (word.length > 64) return undefined;
  const plain = fold(word);
  let best: string | undefined;
  let distance = Infinity;
  for (const candidate of candidates) {
    // One slip for each three letters of the shorter word: REBOOT was not meant to be `root`.
    const slips = Math.max(1, Math.floor(Math.min(word.length, candidate.length) / 3));
    const limit = Math.min(distance, slips + 1);
    const found = plain === fold(candidate) ? 0 : edits(word.toLowerCase(), candidate.toLowerCase(), limit);
    if (found >= limit) continue;
    [best, distance] = [candidate, found];
  }
  return best;
}

/** `killAfter`, `kill-after` and `KILL_AFTER` are one word. */
const fold = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, '');

/** How many letters must be put in, taken out, changed or swapped with their neighbour; `limit` stands for more. */
function edits(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length] ?? limit;
}
