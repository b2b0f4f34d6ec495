import type { Event } from '../event.ts';
import type { Line } from '../history/entry.ts';
import type { Naming } from '../history/history.ts';
import type { Declared } from '../config/declared.ts';
import { createAgenda } from '../plan/agenda.ts';
import { createDesired, type Desired } from '../plan/desired.ts';
import type { Host } from '../plan/definition.ts';
import { learn } from '../plan/learn.ts';
import { looksAfter } from '../plan/looks.ts';
import { jailOf, NOTHING_OBSERVED, withoutForgotten, type Observed } from '../plan/observed.ts';
import { plan, wholeScope, type Change, type Tags } from '../plan/plan.ts';
import type { Step } from '../plan/step.ts';
import { createRecorder, type Acknowledgement } from './recorder.ts';
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

/** What is wanted: changed by a reload, as a whole. */
export interface Wish {
  readonly declared: Declared;
  readonly host: Host;
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
  /** Waits until `look` finds something, looking after each turn; undefined when `limit` ms are over or `gone` aborts. */
  until<T>(look: () => T | undefined, limit: number, gone?: AbortSignal): Promise<T | undefined>;
  stop(): void;
}

/** Everything is planned anew so often, ms: a net under all that could be missed. */
const FULL_PLAN_EVERY = 60_000;
/** So many ad hoc probes are remembered after their end. */
const MOST_DEPARTED = 256;
/** How soon what could not be written to the disk is tried again, ms. */
const WRITE_AGAIN_AFTER = 5_000;

/** A loop that has seen nothing yet. */
export function createLoop(first: Wish, effects: Effects): Loop {
  let observed = NOTHING_OBSERVED;
  let wish = first;
  let desired = createDesired(wish.declared, observed);
  let tags: Tags = new WeakMap();
  let queue: Event[] = [];
  let scheduled = false;
  let stopped = false;
  let unsaved = false;
  const agenda = createAgenda();
  let alarm: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let planAll = false;
  let adopters: ((changes: readonly Change[]) => void)[] = [];
  const waiters = new Set<() => void>();
  const recorder = createRecorder(effects.record, effects.written, naming);
  /** Ad hoc probes that were forgotten with their instance: of their last commands something may still be heard. */
  const departed = new Map<string, Naming>();

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
    const now = effects.now();
    for (const event of events) effects.log(event);
    record(events);

    const adhoc = observed.adhoc;
    const learned = learn(observed, events);
    observed = learned.observed;
    if (observed.adhoc !== adhoc)
      for (const [id, { jail, probe }] of adhoc) if (!observed.adhoc.has(id)) depart(id, jail, probe.title);
    const before = desired;
    if (learned.desireMoved) desired = createDesired(wish.declared, observed);

    const scope =
      learned.everything || planAll
        ? wholeScope(desired, observed)
        : agenda.scope(learned.touched, learned.desireMoved ? [before, desired] : [], now);
    if (planAll) observed = withoutForgotten(observed, new Set(desired.jailNames));
    planAll = false;
    const planned = plan(desired, observed, scope, now, wish.host, tags);
    agenda.note(planned.wakes);

    const known = [...looksAfter(events, observed), ...planned.steps].flatMap((step) =>
      effects.execute(step),
    );
    for (const event of known) effects.log(event);
    const done = learn(observed, known);
    observed = done.observed;

    unsaved ||= learned.factsMoved || done.factsMoved || learned.everything;
    unsaved &&= !effects.save(observed);
    acknowledge();
    setAlarm();
    const answered = adopters;
    adopters = [];
    for (const adopter of answered) adopter(planned.changes);
    for (const waiter of waiters) waiter();
  }

  /** The history first: what is acknowledged to the keeper must be on disk. */
  function record(events: readonly Event[]): void {
    const before = recorder.error;
    recorder.take(events, observed);
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

  function depart(id: string, jail: string, title: string): void {
    departed.set(id, { jail, title });
    const [oldest] = departed.keys();
    if (departed.size > MOST_DEPARTED && oldest !== undefined) departed.delete(oldest);
  }

  function naming(id: string): Naming {
    const jail = jailOf(observed, id);
    const probe = observed.jails.get(jail)?.probes.get(id);
    const gone = departed.get(id);
    if (gone && !probe) return gone;
    const title =
      (probe?.ordered ?? desired.forJail(jail).get(id))?.probe.title ??
      (probe?.held ?? probe?.leaving?.[0])?.shownTitle;
    return { jail, title: title ?? id.slice(id.indexOf('/') + 1) };
  }

  function setAlarm(): void {
    clearTimeout(alarm);
    alarm = undefined;
    const { next } = agenda;
    if (next === Infinity) return;
    // At most a minute: a clock that is set back must not make it wait for as long as that was.
    alarm = setTimeout(schedule, Math.min(FULL_PLAN_EVERY, Math.max(1, next - effects.now())));
  }

  const full = setInterval(() => {
    planAll = true;
    schedule();
  }, FULL_PLAN_EVERY);

  return {
    get observed() {
      return observed;
    },
    get desired() {
      return desired;
    },
    get wish() {
      return wish;
    },
    get unrecorded() {
      return recorder.error;
    },
    post(...events) {
      for (const event of events) queue.push(event);
      schedule();
    },
    adopt(next, events) {
      if (next.host !== wish.host) tags = new WeakMap();
      wish = next;
      for (const event of events) queue.push(event);
      schedule();
      return new Promise((resolve) => adopters.push(resolve));
    },
    rehearse(other, events) {
      const imagined = learn(observed, events).observed;
      const wanted = createDesired(other.declared, imagined);
      return plan(
        wanted,
        imagined,
        wholeScope(wanted, imagined),
        effects.now(),
        other.host,
        other.host === wish.host ? tags : new WeakMap(),
      ).changes;
    },
    until(look, limit, gone) {
      return new Promise((resolve) => {
        const finish = (value: ReturnType<typeof look>): void => {
          waiters.delete(waiter);
          clearTimeout(late);
          gone?.removeEventListener('abort', giveUp);
          resolve(value);
        };
        const giveUp = (): void => finish(undefined);
        const waiter = (): void => {
          const found = look();
          if (found !== undefined) finish(found);
        };
        const late = setTimeout(giveUp, Math.min(limit, 2 ** 31 - 1));
        gone?.addEventListener('abort', giveUp);
        waiters.add(waiter);
        waiter();
        if (gone?.aborted) giveUp();
      });
    },
    stop() {
      stopped = true;
      clearTimeout(alarm);
      clearTimeout(retry);
      clearInterval(full);
      for (const waiter of waiters) waiter();
    },
  };
}
