/** Those who wait for something to become so in the observed world. */
export interface Waiting {
  /** Waits until `look` finds something; undefined when `limit` ms are over, `gone` aborts, or all is over. */
  until<T>(look: () => T | undefined, limit: number, gone?: AbortSignal): Promise<T | undefined>;
  /** The world has changed: everybody looks again. */
  lookAgain(): void;
  /** It will not change any more: who finds nothing now is let go. */
  end(): void;
}

/** The longest that a timer can be set to, ms: 24 days. */
const LONGEST = 2 ** 31 - 1;

/** With nobody who waits. */
export function createWaiting(): Waiting {
  const waiters = new Set<{ look(): void; giveUp(): void }>();
  let ended = false;
  return {
    until(look, limit, gone) {
      return new Promise((resolve) => {
        const finish = (value: ReturnType<typeof look>): void => {
          waiters.delete(waiter);
          clearTimeout(late);
          gone?.removeEventListener('abort', waiter.giveUp);
          resolve(value);
        };
        const waiter = {
          look() {
            const found = look();
            if (found !== undefined) finish(found);
          },
          giveUp: () => finish(undefined),
        };
        const late = setTimeout(waiter.giveUp, Math.min(limit, LONGEST));
        gone?.addEventListener('abort', waiter.giveUp);
        waiters.add(waiter);
        waiter.look();
        if (gone?.aborted || ended) waiter.giveUp();
      });
    },
    lookAgain() {
      for (const { look } of waiters) look();
    },
    end() {
      ended = true;
      for (const waiter of waiters) {
        waiter.look();
        waiter.giveUp();
      }
    },
  };
}
