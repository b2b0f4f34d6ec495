import type { Event } from '../../event.ts';
import { seeProcess } from '../../keeper/process.ts';
import { findKeeperProcesses } from '../../keeper/keeper-processes.ts';

/**
 * Keepers that no daemon can speak to any more: their socket was deleted, with the state directory as a rule. Their probes
 * are armed, and beside those of another keeper each of them would be there twice.
 */
export interface Strays {
  /** Ends those among them that are not these, and their probes with them. */
  end(known: ReadonlySet<number | undefined>): Promise<void>;
}

/** A killed process is gone in less, ms. */
const GONE_WITHIN = 5_000;
const LOOK_EVERY = 10;

/** Looks who runs now: whoever starts later is nobody's stray. */
export async function findStrays(stateDirectory: string, post: (event: Event) => void): Promise<Strays> {
  const starts = new Map<number, string>();
  for (const pid of await findKeeperProcesses(stateDirectory)) {
    const seen = await seeProcess(pid);
    if (seen) starts.set(pid, seen.start);
  }
  const lives = async (pid: number): Promise<boolean> => (await seeProcess(pid))?.start === starts.get(pid);

  async function end(pid: number): Promise<void> {
    if (!(await lives(pid))) return;
    const what = `keeper pid ${pid} of ${stateDirectory} has no socket there any more: it is ended, and its probes with it`;
    post({
      type: 'daemon',
      at: Date.now(),
      level: 'error',
      what,
      why: 'triggers that it had not told are lost',
    });
    process.kill(pid, 'SIGKILL');
    for (let waited = 0; waited < GONE_WITHIN && (await lives(pid)); waited += LOOK_EVERY)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }

  return {
    async end(known) {
      for (const pid of starts.keys()) if (!known.has(pid)) await end(pid);
      starts.clear();
    },
  };
}
