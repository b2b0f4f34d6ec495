import type { Desired } from './desired.ts';
import type { Scope } from './draft.ts';
import type { Plan } from './plan.ts';

/** What is to be planned again though nothing happens to it, and when. */
export interface Agenda {
  /** Takes over a plan's wakes. */
  note(wakes: Plan['wakes']): void;
  /**
   * What was touched, what hangs on it, and what was to wait until now.
   *
   * @param desires where what is wanted has moved: what it was and what it is. Jails that share a PID namespace hang on
   * each other, also those that did so until now
   */
  scope(touched: Scope, desires: readonly Desired[], now: number): Scope;
  /** When the next one is due, ms since 1970; `Infinity`: never. */
  readonly next: number;
}

/** An empty one. */
export function createAgenda(): Agenda {
  const wakes = new Map<string, { readonly jail: string; readonly at: number }>();
  return {
    note(later) {
      for (const [id, wake] of later) wakes.set(id, wake);
    },
    scope(touched, desires, now) {
      const scope = new Map(touched);
      for (const desired of desires)
        for (const jail of touched.keys())
          for (const other of desired.together(jail)) if (other !== jail) scope.set(other, 'all');
      for (const [id, { jail, at }] of wakes) {
        if (at > now) continue;
        wakes.delete(id);
        const ids = scope.get(jail);
        if (ids !== 'all') scope.set(jail, new Set([...(ids ?? []), id]));
      }
      return scope;
    },
    get next() {
      let next = Infinity;
      for (const { at } of wakes.values()) next = Math.min(next, at);
      return next;
    },
  };
}
