import { existsSync } from 'node:fs';
import type { Event } from '../../event.ts';
import { findKeepersBehind, listeningKeepers } from '../../keeper/listeners.ts';
import { seeProcess } from '../../keeper/process.ts';
import { socketOf } from '../../keeper/start.ts';

/**
 * Keepers that no daemon can speak to any more: their socket was deleted, with the state directory as a rule. Their probes
 * are armed, and beside those of another keeper each of them would be there twice.
 */
export interface Strays {
  /** Ends those that are not these and have no socket there, and their probes with them. */
  end(known: ReadonlyMap<string, unknown>): Promise<void>;
}

/** A killed process is gone in less, ms. */
const GONE_WITHIN = 5_000;
const LOOK_EVERY = 10;

/** Looks who listens now: whoever begins later is nobody's stray. */
export function findStrays(stateDirectory: string, post: (event: Event) => void): Strays {
  let listening = listeningKeepers();

  async function endKeeper(pid: number): Promise<void> {
    const start = (await seeProcess(pid))?.start;
    if (start === undefined || !kill(pid)) return;
    const what = `keeper pid ${pid} of ${stateDirectory} has no socket there any more: it is ended, and its probes with it`;
    post({
      type: 'daemon',
      at: Date.now(),
      level: 'error',
      what,
      why: 'triggers that it had not told are lost',
    });
    for (let waited = 0; waited < GONE_WITHIN; waited += LOOK_EVERY) {
      if ((await seeProcess(pid))?.start !== start) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  }

  return {
    async end(known) {
      // Whose name is there can be spoken to, now or later.
      const strays = listening.filter(
        ({ epoch }) => !known.has(epoch) && !existsSync(socketOf(stateDirectory, epoch)),
      );
      for await (const pid of findKeepersBehind(strays, stateDirectory)) await endKeeper(pid);
      listening = [];
    },
  };
}

/** @returns false: it has just ended by itself @throws the system's error otherwise */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
