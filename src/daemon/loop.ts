import type { Event } from '../event.ts';
import type { Line } from '../history/entry.ts';
import type { Desired } from '../plan/desired.ts';
import type { Observed } from '../plan/observed.ts';
import type { Change } from '../plan/plan.ts';
import { createPlanner, type Wish } from '../plan/planner.ts';
import type { Step } from '../plan/step.ts';
import { createNames } from './names.ts';
import { createRecorder, type Acknowledgement } from './recorder.ts';
import { createWaiting } from './waiting.ts';
import type { Written } from './written.ts';

/** What the loop does to the world: one function for each. */
export interface Effects {
  /** Carries out one step and tells what is known by having done so. */
  execute(step: Step): readonly Event[];
  /** Puts lines into the history. @throws when the disk is full */
  record(lines: readonly Line[]): void;
  /** What the history has of what may be told again. */
  readonly written: Written;
  /** Tells the keeper that it may forget. */
  acknowledge(acknowledgement: Acknowledgement): void;
  /** Everything that was posted before this turn is on disk, with what follows from it. */
  settled(): void;
  /** Facts that must outlive the daemon have changed. @returns whether they are on disk now */
  save(observed: Observed): boolean;
  log(event: Event): void;
  now(): number;
}

/**
 * Events in, one turn at a time, steps out. All that the daemon knows is here; everybody else tells it events and reads.
 *
 * ```
 *  events ─► history ─► learn ─► plan ─► steps ─► acknowledge
 *    ▲                                     │
 *    └──────── keeper, jails, file, operator ◄┘
 * ```
 */
export interface Loop {
  readonly observed: Observed;
  readonly desired: Desired;
  readonly wish: Wish;
  /** Why the history cannot be written at the moment. */
  readonly unrecorded: string | undefined;
  post(...events: readonly Event[]): void;
  /** Takes over a new wish; the events are learned in the same turn. Gives what that turn changed. */
  adopt(wish: Wish, events: readonly Event[]): Promise<readonly Change[]>;
  /** What a wish would change, with nothing done. */
  rehearse(wish: Wish, events: readonly Event[]): readonly Change[];
  /** Waits until `look` finds something, looking after each turn; undefined when `limit` ms are over, `gone` aborts or the loop stops. */
  until<T>(look: () => T | undefined, limit: number, gone?: AbortSignal): Promise<T | undefined>;
  stop(): void;
}

/** Everything is planned anew so often, ms: a net under all that could be missed. */
const FULL_PLAN_EVERY = 60_000;
/** How soon what could not be written to the disk is tried again, ms. */
const WRITE_AGAIN_AFTER = 5_000;

/** A loop that has seen nothing yet. */
export function createLoop(first: Wish, effects: Effects): Loop {
  const planner = createPlanner(first);
  const waiting = createWaiting();
  const names = createNames();
  const recorder = createRecorder(effects.record, effects.written, (id) =>
    names.of(id, planner.observed, planner.desired),
  );
  let queue: Event[] = [];
  let adopters: ((changes: readonly Change[]) => void)[] = [];
  let scheduled = false;
  let stopped = false;
  let unsaved = false;
  let whole = false;
  let alarm: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  const full = setInterval(() => {
    whole = true;
    schedule();
  }, FULL_PLAN_EVERY);

  function post(events: readonly Event[]): void {
    for (const event of events) queue.push(event);
    schedule();
  }

  function schedule(): void {
    if (scheduled || stopped) return;
    scheduled = true;
    setImmediate(turn);
  }

  function turn(): void {
    scheduled = false;
    if (stopped) return;
    const events = queue;
    queue = [];
    for (const event of events) effects.log(event);
    record(events);

    const { adhoc } = planner.observed;
    const planned = planner.turn(events, effects.now(), whole);
    whole = false;
    names.depart(adhoc, planner.observed.adhoc);

    const known = planned.steps.flatMap((step) => effects.execute(step));
    for (const event of known) effects.log(event);
    const factsMoved = planner.carriedOut(known);

    unsaved ||= planned.factsMoved || factsMoved;
    unsaved &&= !effects.save(planner.observed);
    acknowledge();
    setAlarm();
    const answered = adopters;
    adopters = [];
    for (const adopter of answered) adopter(planned.changes);
    waiting.lookAgain();
  }

  /** The history first: what is acknowledged to the keeper must be on disk. */
  function record(events: readonly Event[]): void {
    const before = recorder.error;
    recorder.take(events, planner.observed);
    if (recorder.error === undefined || recorder.error === before) return;
    const what = 'the history cannot be written; its triggers stay with the keeper';
    effects.log({ type: 'daemon', at: effects.now(), level: 'error', what, why: recorder.error });
  }

  function acknowledge(): void {
    if (unsaved || recorder.error !== undefined) {
      clearTimeout(retry);
      retry = setTimeout(schedule, WRITE_AGAIN_AFTER);
      return;
    }
    for (const one of recorder.takeAcknowledgements()) effects.acknowledge(one);
    effects.settled();
  }

  function setAlarm(): void {
    clearTimeout(alarm);
    alarm = undefined;
    const { wakeAt } = planner;
    if (wakeAt === Infinity) return;
    // At most a minute: a clock that is set back must not make it wait for as long as that was.
    alarm = setTimeout(schedule, Math.min(FULL_PLAN_EVERY, Math.max(1, wakeAt - effects.now())));
  }

  return {
    get observed() {
      return planner.observed;
    },
    get desired() {
      return planner.desired;
    },
    get wish() {
      return planner.wish;
    },
    get unrecorded() {
      return recorder.error;
    },
    post: (...events) => post(events),
    adopt(wish, events) {
      planner.adopt(wish);
      post(events);
      return new Promise((resolve) => adopters.push(resolve));
    },
    rehearse: (wish, events) => planner.rehearse(wish, events, effects.now()),
    until: (...asked) => waiting.until(...asked),
    stop() {
      stopped = true;
      clearTimeout(alarm);
      clearTimeout(retry);
      clearInterval(full);
      waiting.end();
    },
  };
}
