import { seeProcess } from '../keeper/process.ts';

/** A daemon has done everything when it answers; so long its process may take to end, ms. */
const LONGEST = 5_000;

/**
 * Waits until a process has ended. One that its parent has not taken note of yet has ended: in a container the first
 * process may do so late, or never.
 *
 * @returns whether it has
 */
export async function untilEnded(pid: number): Promise<boolean> {
  const until = Date.now() + LONGEST;
  const first = await seeProcess(pid);
  if (!first) return true;
  while (Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    // Another one by the same number is not waited for.
    if ((await seeProcess(pid))?.start !== first.start) return true;
  }
  return false;
}
