/**
 * Waits for something, but no longer than so many ms. What is late goes on, and nobody is told what becomes of it.
 *
 * @returns what it came to; undefined: it is late
 * @throws what it throws in time
 */
export async function inTime<T>(done: Promise<T>, ms: number): Promise<T | undefined> {
  let late: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    late = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([done, over]);
  } finally {
    clearTimeout(late);
  }
}
