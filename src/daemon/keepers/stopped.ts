import type { Event } from '../../event.ts';
import { findListener } from '../../keeper/listeners.ts';
import { seeProcess } from '../../keeper/process.ts';

/** A keeper of which it matters whether it is stopped. */
export interface Watched {
  readonly epoch: string;
  /** Known since its hello. */
  pid?: number | undefined;
  /** Of the process that had this pid while the line to it was open. */
  start?: string;
  stopped?: boolean;
  toldSilent?: boolean;
}

/** Sees from outside whether keepers are stopped: an idle one is not woken for that. */
export interface StoppedWatch {
  start(): void;
  look(): Promise<void>;
  /** Tells of one that says nothing, and why it may be. */
  tellSilent(keeper: Watched): Promise<void>;
  /** Lets those that are stopped go on. */
  goOn(): Promise<void>;
  stop(): void;
}

/** @param every how often it is looked, ms */
export function watchStopped(
  keepers: ReadonlyMap<string, Watched>,
  post: (event: Event) => void,
  every: () => number,
): StoppedWatch {
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  async function see(keeper: Watched): Promise<void> {
    if (keeper.pid === undefined) return;
    const seen = await seeProcess(keeper.pid);
    // Asked again after the wait: a keeper that is gone says nothing by its pid.
    if (!seen || keepers.get(keeper.epoch) !== keeper) return;
    keeper.start ??= seen.start;
    if (keeper.start !== seen.start || seen.stopped === (keeper.stopped ?? false)) return;
    keeper.stopped = seen.stopped;
    post({ type: 'keeper-stopped', at: Date.now(), epoch: keeper.epoch, stopped: seen.stopped });
  }

  const look = async (): Promise<void> => void (await Promise.all([...keepers.values()].map(see)));

  function lookLater(): void {
    timer = setTimeout(() => void look().finally(() => !ended && lookLater()), every());
  }

  return {
    start: lookLater,
    look,
    async tellSilent(keeper) {
      if (keeper.toldSilent) return;
      keeper.toldSilent = true;
      const pid = (keeper.pid ??= findListener(keeper.epoch));
      const seen = pid === undefined ? undefined : await seeProcess(pid);
      if (seen) keeper.start = seen.start;
      keeper.stopped = seen?.stopped ?? false;
      post({
        type: 'keeper-silent',
        at: Date.now(),
        epoch: keeper.epoch,
        ...(pid !== undefined && { pid }),
        stopped: keeper.stopped,
      });
    },
    async goOn() {
      await look();
      for (const keeper of keepers.values()) {
        const pid = (keeper.pid ??= findListener(keeper.epoch));
        const seen = pid === undefined ? undefined : await seeProcess(pid);
        if (pid === undefined || !seen?.stopped || seen.start !== (keeper.start ??= seen.start)) continue;
        const what = `keeper ${keeper.epoch}, pid ${pid}, is stopped: it is let go on (SIGCONT), so that it can end`;
        post({ type: 'daemon', at: Date.now(), level: 'warn', what });
        letGoOn(pid);
      }
    },
    stop() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

function letGoOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    // Somebody has killed it just now.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
