/** Tells of what goes wrong again and again: once, until it goes wrong for another reason or has passed. */
export interface Troubles {
  has(what: string, why: string): void;
  hasNot(what: string): void;
}

/** @param say told of each trouble when it comes, or comes to have another reason */
export function createTroubles(say: (what: string, why: string) => void): Troubles {
  /** What goes wrong at the moment, and why. */
  const present = new Map<string, string>();
  return {
    has(what, why) {
      if (present.get(what) !== why) say(what, why);
      present.set(what, why);
    },
    hasNot: (what) => void present.delete(what),
  };
}
