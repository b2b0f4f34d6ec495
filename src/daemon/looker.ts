import type { Event } from '../event.ts';
import type { Sighting, Whereabouts } from '../jails/jail.ts';
import { look } from '../jails/look.ts';
import { watchPidfiles } from '../jails/watch.ts';

/** Knows where every jail that matters is to be found, and looks: when told, when a pidfile changed, and every `rescan` ms. */
export interface Looker {
  /** Which jails matter from now on. */
  follow(jails: ReadonlyMap<string, Whereabouts>, rescan: number): void;
  /** Looks at these soon; what is seen is posted. */
  glance(names: readonly string[]): void;
  /** Looks at all of these now, whether they are followed or not. */
  survey(jails: ReadonlyMap<string, Whereabouts>): Promise<Sighting[]>;
  stop(): void;
}

/** @param post where sightings go */
export function createLooker(post: (event: Event) => void): Looker {
  let followed: ReadonlyMap<string, Whereabouts> = new Map();
  let pathToJails = new Map<string, string[]>();
  let timer: NodeJS.Timeout | undefined;
  let interval = 0;
  let busy = false;
  const wanted = new Set<string>();
  const watch = watchPidfiles([], (path) => glance(pathToJails.get(path) ?? []));

  async function survey(jails: ReadonlyMap<string, Whereabouts>): Promise<Sighting[]> {
    return Promise.all([...jails].map(([name, whereabouts]) => look(name, whereabouts)));
  }

  function glance(names: readonly string[]): void {
    for (const name of names) wanted.add(name);
    if (!busy) void lookAtWanted();
  }

  /** One look at a time; what is asked for meanwhile is looked at in the next. */
  async function lookAtWanted(): Promise<void> {
    busy = true;
    while (wanted.size > 0) {
      const jails = new Map<string, Whereabouts>();
      for (const name of wanted) {
        const whereabouts = followed.get(name);
        if (whereabouts) jails.set(name, whereabouts);
      }
      wanted.clear();
      const sightings = await survey(jails);
      if (sightings.length > 0) post({ type: 'sighted', at: Date.now(), sightings });
    }
    busy = false;
  }

  return {
    follow(jails, rescan) {
      followed = jails;
      pathToJails = new Map();
      for (const [name, whereabouts] of jails) {
        if (whereabouts.by !== 'pidfile') continue;
        const names = pathToJails.get(whereabouts.path);
        if (names) names.push(name);
        else pathToJails.set(whereabouts.path, [name]);
      }
      watch.set(pathToJails.keys());
      if (rescan === interval) return;
      interval = rescan;
      clearInterval(timer);
      timer = setInterval(() => glance([...followed.keys()]), rescan);
    },
    glance,
    survey,
    stop() {
      clearInterval(timer);
      watch.close();
    },
  };
}
