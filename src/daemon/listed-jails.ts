import type { Sighting } from '../jails/jail.ts';
import type { Whereabouts } from '../config/config.ts';
import type { Lister } from '../jails/lister.ts';
import { findListed, sightAll } from '../jails/listing.ts';
import { reasonOf } from '../reason.ts';

type Followed = ReadonlyMap<string, Whereabouts>;

/** The jails that the system lists: seen all at once, with one question. */
export interface ListedJails {
  /** Whether the system's list is where this jail is looked for; one that nobody has said anything of is. */
  knows(whereabouts: Whereabouts | undefined): boolean;
  /** Asks soon, and tells what it saw. Who asks while an answer is under way gets the next one too. */
  glance(): void;
  /** What the list says now of these and of all others. Never throws. */
  survey(followed: Followed): Promise<Sighting[]>;
  /** The jail that somebody names by a word. @throws Error when the system does not say */
  find(word: string): Promise<Sighting>;
}

/** What came of a look. */
export interface Teller {
  readonly followed: () => Followed;
  tell(sightings: readonly Sighting[]): void;
  /** The list cannot be had; undefined: it can be had again. Told once. */
  failed(why: string | undefined): void;
}

/** Whose list it is decides `lister`. */
export function listJails(lister: Lister, teller: Teller): ListedJails {
  /** Those that ran, by the host's own names, when it was last asked. */
  let ran: readonly string[] = [];
  let state: 'idle' | 'asking' | 'asked again' = 'idle';
  let trouble: string | undefined;

  async function survey(followed: Followed): Promise<Sighting[]> {
    try {
      const sightings = sightAll(await lister.list(), followed, ran);
      ran = sightings.flatMap((one) => ('absent' in one || followed.has(one.name) ? [] : [one.name]));
      say(undefined);
      return sightings;
    } catch (error) {
      const why = reasonOf(error);
      say(why);
      const names = [...followed].filter(([, whereabouts]) => isListed(whereabouts)).map(([name]) => name);
      return names.map((name) => ({ name, refused: `the jails cannot be listed: ${why}`, unsure: true }));
    }
  }

  function say(why: string | undefined): void {
    if (why === trouble) return;
    trouble = why;
    teller.failed(why);
  }

  async function ask(): Promise<void> {
    do {
      state = 'asking';
      teller.tell(await survey(teller.followed()));
    } while ((state as string) === 'asked again');
    state = 'idle';
  }

  return {
    knows: (whereabouts) => whereabouts === undefined || isListed(whereabouts),
    glance() {
      if (state === 'idle') void ask();
      else state = 'asked again';
    },
    survey,
    find: async (word) => findListed(await lister.list(), word),
  };
}

function isListed({ by }: Whereabouts): boolean {
  return by === 'name' || by === 'path';
}
