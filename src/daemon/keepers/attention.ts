/** Does one piece of work whenever somebody asks for it, and other things in between: one after the other. */
export interface Attention {
  /** Does it, unless that is about to happen anyway. @throws what the work throws */
  now(): Promise<void>;
  /** The same without anybody who waits: what fails is told, and done again after a while. */
  soon(): void;
  /** Does something else, alone. @throws what that throws */
  exclusively(other: () => Promise<void>): Promise<void>;
  /** From now on the work is not done any more. */
  stop(): void;
  /** Resolves when nothing of what was asked for so far is under way. */
  untilIdle(): Promise<void>;
}

/** What came of work for which nobody waits. */
export interface Outcome {
  done(): void;
  failed(error: unknown): void;
}

/** Next try after so many ms. */
const TRY_AGAIN_AFTER = 1_000;

/** @param outcome told what came of the work when nobody waits for it */
export function createAttention(work: () => Promise<void>, outcome: Outcome): Attention {
  let queue: Promise<void> = Promise.resolve();
  let asked = false;
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;

  function exclusively(other: () => Promise<void>): Promise<void> {
    const done = queue.then(other);
    queue = done.catch(() => {}); // told to who asked for it
    return done;
  }

  function now(): Promise<void> {
    if (asked) return queue;
    asked = true;
    clearTimeout(retry);
    return exclusively(async () => {
      asked = false;
      if (!stopped) await work();
    });
  }

  function soon(): void {
    if (stopped || asked) return;
    now().then(
      () => outcome.done(),
      (error) => {
        outcome.failed(error);
        if (!stopped) retry = setTimeout(soon, TRY_AGAIN_AFTER);
      },
    );
  }

  return {
    now,
    soon,
    exclusively,
    stop() {
      stopped = true;
      clearTimeout(retry);
    },
    untilIdle: () => queue,
  };
}
