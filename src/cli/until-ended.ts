/** A daemon has done everything when it answers; so long its process may take to end, ms. */
const LONGEST = 5_000;

/** Waits until a process has ended. @returns whether it has */
export async function untilEnded(pid: number): Promise<boolean> {
  const until = Date.now() + LONGEST;
  while (lives(pid) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
  return !lives(pid);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
