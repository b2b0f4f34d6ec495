import type { Event } from '../event.ts';
import { inTime } from '../in-time.ts';
import type { Sighting } from '../jails/jail.ts';
import type { Whereabouts } from '../config/config.ts';
import type { Lister } from '../jails/lister.ts';
import { look, lookPid } from '../jails/look.ts';
import { watchPidfiles } from '../jails/watch.ts';
import { reasonOf } from '../reason.ts';
import { listJails } from './listed-jails.ts';

/** Knows where every jail that matters is to be found, and looks: when told, when a pidfile changed, and every `rescan` ms. */
export interface Looker {
  /** Which jails matter from now on. */
  follow(jails: ReadonlyMap<string, Whereabouts>, rescan: number): void;
  /** Looks at these soon; what is seen is posted. */
  glance(names: readonly string[]): void;
  /** Looks at all that the system lists, soon: something has changed, and nobody knows what. */
  glanceAround(): void;
  /** Looks at all of these now, whether they are followed or not, and at all that the system lists. */
  survey(jails: ReadonlyMap<string, Whereabouts>): Promise<Sighting[]>;
  /** Looks for the jail that somebody means by a word: what the system lists; on Linux the pid of its first process. */
  find(word: string): Promise<Sighting>;
  /** For good: nothing is followed any more. */
  stop(): void;
}

/** A directory on a dead network file system never answers: so long is waited for it, ms. */
const PATIENCE = 3_000;

/** So many jails are looked at in one go. */
const SLICE = 50;

/**
 * @param post where sightings go
 * @param lister asks the system for its jails; none on Linux
 */
export function createLooker(post: (event: Event) => void, lister?: Lister): Looker {
  let followed: ReadonlyMap<string, Whereabouts> = new Map();
  let pathToJails = new Map<string, string[]>();
  let timer: NodeJS.Timeout | undefined;
  let interval = 0;
  let stopped = false;
  /** Jails that are being looked at; `true`: somebody asked again meanwhile. */
  const underWay = new Map<string, boolean>();
  let seen: Sighting[] = [];
  const watch = watchPidfiles([], (path) => glance(pathToJails.get(path) ?? []));
  const listed = lister && listJails(lister, { followed: () => followed, tell: postSightings, failed });

  function glance(names: readonly string[]): void {
    const single = names.filter((name) => !listed?.knows(followed.get(name)));
    if (single.length < names.length) listed?.glance();
    void glanceInSlices(single);
  }

  /** Between two slices the loop may turn: a host may have thousands of jails. */
  async function glanceInSlices(names: readonly string[]): Promise<void> {
    for (const [index, name] of names.entries()) {
      if (underWay.has(name)) underWay.set(name, true);
      else void lookUntilStill(name);
      if (index % SLICE === SLICE - 1) await new Promise(setImmediate);
    }
  }

  /** One look at a jail at a time: a hanging one keeps nobody else waiting. */
  async function lookUntilStill(name: string): Promise<void> {
    do {
      underWay.set(name, false);
      const whereabouts = followed.get(name);
      if (!whereabouts) break;
      tell(await lookSafely(name, whereabouts));
    } while (underWay.get(name));
    underWay.delete(name);
  }

  /** What is seen in the same moment is one event. */
  function tell(sighting: Sighting): void {
    if (seen.push(sighting) > 1) return;
    setImmediate(() => {
      postSightings(seen);
      seen = [];
    });
  }

  function postSightings(sightings: readonly Sighting[]): void {
    post({ type: 'sighted', at: Date.now(), sightings });
  }

  function failed(why: string | undefined): void {
    if (why === undefined)
      post({ type: 'daemon', at: Date.now(), level: 'info', what: 'the jails can be listed again' });
    else
      post({
        type: 'daemon',
        at: Date.now(),
        level: 'error',
        what: 'the jails cannot be listed; what is armed stays',
        why,
      });
  }

  return {
    follow(jails, rescan) {
      // A daemon that ends still saves what it learns, and says each time what is to be followed.
      if (stopped) return;
      followed = jails;
      pathToJails = new Map();
      for (const [name, whereabouts] of jails) {
        // Elsewhere than on Linux such a jail cannot be entered, and a watch is a descriptor that children inherit.
        if (whereabouts.by !== 'pidfile' || listed) continue;
        const names = pathToJails.get(whereabouts.path);
        if (names) names.push(name);
        else pathToJails.set(whereabouts.path, [name]);
      }
      watch.set(pathToJails.keys());
      if (rescan === interval) return;
      interval = rescan;
      clearInterval(timer);
      timer = setInterval(() => {
        // Mends what was lost: the watch of a directory whose parents were renamed.
        watch.set(pathToJails.keys());
        listed?.glance();
        glance([...followed.keys()].filter((name) => !listed?.knows(followed.get(name))));
      }, rescan);
    },
    glance,
    glanceAround: () => listed?.glance(),
    async survey(jails) {
      const single = [...jails].filter(([, whereabouts]) => !listed?.knows(whereabouts));
      const looks = single.map(([name, whereabouts]) => lookInTime(name, whereabouts));
      const [one, all] = await Promise.all([Promise.all(looks), listed?.survey(jails) ?? []]);
      return [...one, ...all];
    },
    async find(word) {
      if (listed) return listed.find(word);
      return /^[1-9]\d{0,9}$/.test(word) ? lookPid(Number(word)) : { name: word, absent: 'it is no pid' };
    },
    stop() {
      stopped = true;
      followed = new Map();
      clearInterval(timer);
      watch.close();
    },
  };
}

/** A look that fails says something about this jail, and nothing about the daemon (no descriptor left, say). */
async function lookSafely(name: string, whereabouts: Whereabouts): Promise<Sighting> {
  try {
    return await look(name, whereabouts);
  } catch (error) {
    return {
      name,
      refused: `it could not be looked at: ${reasonOf(error)}`,
    };
  }
}

async function lookInTime(name: string, whereabouts: Whereabouts): Promise<Sighting> {
  const refused = `looking at it has taken more than ${PATIENCE / 1000} s: its file system does not answer`;
  return (await inTime(lookSafely(name, whereabouts), PATIENCE)) ?? { name, refused };
}
