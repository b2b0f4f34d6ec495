import type { Declared } from '../config/declared.ts';
import type { Event } from '../event.ts';
import { createAgenda } from './agenda.ts';
import type { Host } from './definition.ts';
import { createDesired, type Desired } from './desired.ts';
import { learn } from './learn.ts';
import { looksAfter } from './looks.ts';
import { withoutForgotten } from './forgotten.ts';
import { NOTHING_OBSERVED, type Observed } from './observed.ts';
import { plan, wholeScope, type Change, type Tags } from './plan.ts';
import type { Step } from './step.ts';

/** What is wanted: changed by a reload, as a whole. */
export interface Wish {
  readonly declared: Declared;
  readonly host: Host;
}

/** What came of a turn, to be carried out. */
export interface Turn {
  readonly steps: readonly Step[];
  readonly changes: readonly Change[];
  /** What must outlive the daemon is another now. */
  readonly factsMoved: boolean;
}

/** `learn` and `plan`, with what goes from one turn to the next: all that the daemon knows. It touches nothing. */
export interface Planner {
  readonly observed: Observed;
  readonly desired: Desired;
  readonly wish: Wish;
  /** Takes over a new wish; what follows from it comes with the next turn, if that has the event `configured`. */
  adopt(wish: Wish): void;
  /** Learns these events and plans what they touch. @param whole everything is planned, and what nobody needs forgotten */
  turn(events: readonly Event[], now: number, whole: boolean): Turn;
  /** Learns what is known by having carried out the steps. @returns whether what must outlive the daemon is another now */
  carriedOut(events: readonly Event[]): boolean;
  /** When a turn is needed though nothing may have happened, ms since 1970; `Infinity`: never. */
  readonly wakeAt: number;
  /** What a wish would change, with nothing done. */
  rehearse(wish: Wish, events: readonly Event[], now: number): readonly Change[];
}

/** One that has seen nothing yet. */
export function createPlanner(first: Wish): Planner {
  let observed = NOTHING_OBSERVED;
  let wish = first;
  let desired = createDesired(wish.declared, observed);
  let tags: Tags = new WeakMap();
  const agenda = createAgenda();

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
    adopt(next) {
      if (next.host !== wish.host) tags = new WeakMap();
      wish = next;
    },
    turn(events, now, whole) {
      const learned = learn(observed, events);
      observed = learned.observed;
      const before = desired;
      if (learned.desireMoved) desired = createDesired(wish.declared, observed);
      const scope =
        learned.everything || whole
          ? wholeScope(desired, observed)
          : agenda.scope(learned.touched, learned.desireMoved ? [before, desired] : [], now);
      if (whole) observed = withoutForgotten(observed, new Set(desired.jailNames));
      const { steps, changes, wakes } = plan(desired, observed, scope, now, wish.host, tags);
      agenda.note(wakes);
      return {
        steps: [...looksAfter(events, observed), ...steps],
        changes,
        factsMoved: learned.factsMoved || learned.everything,
      };
    },
    carriedOut(events) {
      const learned = learn(observed, events);
      observed = learned.observed;
      return learned.factsMoved;
    },
    get wakeAt() {
      return agenda.next;
    },
    rehearse(other, events, now) {
      const imagined = learn(observed, events).observed;
      const wanted = createDesired(other.declared, imagined);
      const known = other.host === wish.host ? tags : new WeakMap();
      return plan(wanted, imagined, wholeScope(wanted, imagined), now, other.host, known).changes;
    },
  };
}
