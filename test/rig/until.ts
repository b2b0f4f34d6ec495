import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for a condition, never for a time: asks again until it holds, and returns what it gave. The limit is there
 * only to say clearly what never came; `last` adds what was seen instead.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string,
  { seconds = 20, last }: { seconds?: number; last?: () => unknown } = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const end = performance.now() + seconds * 1000;
  for (let wait = 2; ; wait = Math.min(wait * 1.5, 50)) {
    const got = await condition();
    if (got !== undefined && got !== null && got !== false) return got as NonNullable<Exclude<T, false>>;
    if (performance.now() > end) {
      const seen = last === undefined ? '' : `\n    last seen: ${describe(await last())}`;
      throw new Error(`waited ${seconds} s in vain until ${what}${seen}`);
    }
    await pause(wait);
  }
}

function describe(seen: unknown): string {
  return typeof seen === 'string' ? seen : JSON.stringify(seen, undefined, 1);
}
