import type { Event } from '../event.ts';
import type { Markers, Orphan } from '../keeper/markers.ts';

/** Commands whose keeper has died: nobody is their parent any more, so they are looked at once a second. */
export interface Orphans {
  /** Finds those that other keepers than this one have left, tells of them, and watches them from now on. */
  adopt(epoch: string): void;
  stop(): void;
}

export interface OrphanParts {
  readonly markers: Markers;
  /** Of a probe as it is wanted now: the time limit of its command and what follows it, ms (0: none); whether it fires once. */
  readonly about: (id: string) => {
    readonly timeout: number;
    readonly killAfter: number;
    readonly once: boolean;
  };
  readonly post: (...events: readonly Event[]) => void;
}

const LOOK_EVERY = 1_000;

/** The time limits of orphans are kept as the keeper would keep them: TERM to the group, and KILL after. */
export function watchOrphans({ markers, about, post }: OrphanParts): Orphans {
  const orphans = new Map<string, Orphan>();
  const warned = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    for (const orphan of orphans.values()) {
      if (markers.lives(orphan)) enforce(orphan);
      else bury(orphan);
    }
    if (orphans.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  function bury(orphan: Orphan): void {
    orphans.delete(orphan.run);
    warned.delete(orphan.run);
    post({ type: 'orphan-ended', at: Date.now(), id: orphan.id, run: orphan.run });
    markers.remove(orphan);
  }

  /** Only while the leader is the same process: its group is named by its pid. */
  function enforce(orphan: Orphan): void {
    const { timeout, killAfter } = about(orphan.id);
    const late = markers.age(orphan) - timeout;
    if (timeout === 0 || late < 0) return;
    if (late >= killAfter) signal(orphan, 'SIGKILL');
    else if (!warned.has(orphan.run)) signal(orphan, 'SIGTERM');
    warned.add(orphan.run);
  }

  function signal({ pid }: Orphan, name: 'SIGTERM' | 'SIGKILL'): void {
    try {
      process.kill(-pid, name);
    } catch {
      // it has just ended: the next look says so
    }
  }

  return {
    adopt(epoch) {
      for (const orphan of markers.leftBy(epoch)) orphans.set(orphan.run, orphan);
      if (orphans.size === 0) return;
      const commands = [...orphans.values()].map((orphan) => ({ ...orphan, once: about(orphan.id).once }));
      post({ type: 'orphaned', at: Date.now(), commands });
      timer ??= setInterval(look, LOOK_EVERY);
      look();
    },
    stop() {
      clearInterval(timer);
    },
  };
}
