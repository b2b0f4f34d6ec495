import type { Event } from '../event.ts';
import type { Line } from '../history/entry.ts';
import type { Markers, Orphan } from '../keeper/markers.ts';

/**
 * Commands whose keeper has died: nobody is their parent any more, so they are looked at once a second. A marker is there
 * until the history has the end of its command, and so one without a process tells of a command that ended unseen.
 */
export interface Orphans {
  /** Finds those that other keepers than this one have left, tells of them, and watches them from now on. */
  adopt(epoch: string): void;
  /** These lines are in the history. */
  written(lines: readonly Line[]): void;
  /** All that was told so far is on disk, what follows from it too: markers that say no more are removed. */
  settled(): void;
  /** Learns from the history, newest first, what it has of the commands whose markers are there. */
  recall(blocks: AsyncIterable<readonly Line[]>): Promise<void>;
  stop(): void;
}

export interface OrphanParts {
  readonly markers: Markers;
  /** Of a probe as it is wanted now: the time limit of its command, and what follows it, ms; 0: none. */
  readonly about: (id: string) => { readonly timeout: number; readonly killAfter: number };
  readonly post: (...events: readonly Event[]) => void;
}

const LOOK_EVERY = 1_000;
/** So many triggers are remembered before those are dropped that have ended and have no marker any more. */
const MOST_KNOWN = 4_096;
/** A marker that is of use after both have died is of one of the newest triggers: so many lines are read for it. */
const MOST_LINES = 20_000;

/** The time limits of orphans are kept as the keeper would keep them: TERM to the group, and KILL after. */
export function watchOrphans({ markers, about, post }: OrphanParts): Orphans {
  const orphans = new Map<string, Orphan>();
  /** Those that have ended; that, or that their probe is spent, may not be on disk yet. */
  const buried = new Set<string>();
  const warned = new Set<string>();
  /** Which of its lines the history has. A marker may outlast both: the keeper removes it when it is told so. */
  const known = new Map<string, Line['t']>();
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
    buried.add(orphan.run);
    const told = known.get(orphan.run) === 'ended';
    post({ type: 'orphan-ended', at: Date.now(), id: orphan.id, run: orphan.run, told });
  }

  function forgetUnmarked(): void {
    const there = new Set(markers.runs());
    for (const [run, line] of known) if (line === 'ended' && !there.has(run)) known.delete(run);
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
      for (const orphan of markers.leftBy(epoch))
        if (!buried.has(orphan.run)) orphans.set(orphan.run, orphan);
      for (const run of known.keys())
        if (!run.startsWith(`${epoch}-`) && !orphans.has(run) && !buried.has(run)) known.delete(run);
      if (orphans.size === 0) return;
      const commands = [...orphans.values()].map((orphan) => ({
        ...orphan,
        told: known.has(orphan.run),
      }));
      post({ type: 'orphaned', at: Date.now(), commands });
      timer ??= setInterval(look, LOOK_EVERY);
      look();
    },
    written(lines) {
      for (const { t, id } of lines) known.set(id, t);
      if (known.size > MOST_KNOWN) forgetUnmarked();
    },
    settled() {
      for (const run of buried) markers.remove(run);
      buried.clear();
    },
    async recall(blocks) {
      const there = new Set(markers.runs());
      let read = 0;
      if (there.size === 0) return;
      for await (const block of blocks) {
        for (const { t, id } of block) if (there.has(id) && !known.has(id)) known.set(id, t);
        read += block.length;
        if (read > MOST_LINES) return;
      }
    },
    stop() {
      clearInterval(timer);
    },
  };
}
