import type { Event } from '../event.ts';
import type { Line } from '../history/entry.ts';
import type { Markers, Orphan } from '../keeper/markers.ts';
import { epochOf } from '../plan/observed.ts';

/**
 * Commands whose keeper has died: nobody is their parent any more, so they are looked at once a second. A marker is there
 * until the history has the end of its command, and so one without a process tells of a command that ended unseen.
 */
export interface Orphans {
  /** Finds those of keepers that do not live any more, tells of new ones, and watches them from now on. */
  adopt(living: ReadonlySet<string>): void;
  /** These lines are in the history. */
  written(lines: readonly Line[]): void;
  /** All that was told so far is on disk, what follows from it too: markers that say no more are removed. */
  settled(): void;
  /** Learns from the history, newest first, what it has of the commands whose markers are there. */
  recall(blocks: AsyncIterable<readonly Line[]>): Promise<void>;
  /** The daemon ends: they get so many ms, then TERM, then KILL. Resolves when none is left, or nobody may wait longer. */
  finish(grace: number, within: number): Promise<void>;
  /** The daemon leaves: the next one finds them by their markers. */
  stop(): void;
}

export interface OrphanParts {
  readonly markers: Markers;
  /** Of a probe as it is wanted now: the time limit of its command, and what follows it, ms; 0: none. */
  readonly about: (id: string) => { readonly timeout: number; readonly killAfter: number };
  readonly post: (...events: readonly Event[]) => void;
}

const LOOK_EVERY = 1_000;
/** A keeper may be killed between the fork of a command and its marker: so many looks more are for those. */
const LATE_LOOKS = 5;
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
  let alive: ReadonlySet<string> = new Set();
  let lateLooks = 0;
  let end = Infinity;
  let onNone = (): void => {};

  function find(): void {
    const left = markers.leftByOthers(alive).filter(({ run }) => !buried.has(run) && !orphans.has(run));
    if (left.length === 0) return;
    for (const orphan of left) orphans.set(orphan.run, orphan);
    const commands = left.map((orphan) => ({ ...orphan, told: known.has(orphan.run) }));
    post({ type: 'orphaned', at: Date.now(), commands });
  }

  function look(): void {
    if (lateLooks-- > 0) find();
    for (const orphan of orphans.values()) {
      if (markers.lives(orphan)) enforce(orphan);
      else bury(orphan);
    }
    if (orphans.size > 0) return;
    onNone();
    if (lateLooks > 0) return;
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
    const late = Math.max(Date.now() - end, timeout === 0 ? -1 : markers.age(orphan) - timeout);
    if (late < 0) return;
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
    adopt(living) {
      alive = living;
      lateLooks = LATE_LOOKS;
      find();
      for (const run of known.keys())
        if (!living.has(epochOf(run)) && !orphans.has(run) && !buried.has(run)) known.delete(run);
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
    async finish(grace, within) {
      end = Date.now() + grace;
      let late: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => (late = setTimeout(resolve, within)));
      const none = new Promise<void>((resolve) => (onNone = resolve));
      look();
      await Promise.race([none, over]);
      clearTimeout(late);
      clearInterval(timer);
    },
    stop() {
      clearInterval(timer);
    },
  };
}
