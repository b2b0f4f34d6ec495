import type { Event } from '../event.ts';
import { inTime } from '../in-time.ts';
import type { Markers, Orphan } from '../keeper/markers.ts';
import { jailOf } from '../plan/probe-id.ts';
import type { Loop } from './loop.ts';
import type { Written } from './written.ts';

/**
 * Commands whose keeper has died: nobody is their parent any more, so they are looked at once a second. A marker is there
 * until the history has the end of its command, and so one without a process tells of a command that ended unseen.
 */
export interface Orphans {
  /** Finds those of keepers that do not live any more, tells of new ones, and watches them from now on. */
  adopt(living: ReadonlySet<string>): void;
  /** All that was told so far is on disk, what follows from it too: markers that say no more are removed. */
  settled(): void;
  /**
   * The daemon ends: they get so many ms, then TERM, then KILL. Resolves when none is left, or nobody may wait longer.
   *
   * @param keepersEnd until then there may be new ones
   */
  finish(grace: number, within: number, keepersEnd: Promise<unknown>): Promise<void>;
  /** The daemon leaves: the next one finds them by their markers. */
  stop(): void;
}

export interface OrphanParts {
  readonly markers: Markers;
  readonly written: Written;
  /** Of a probe as it is wanted now: the time limit of its command, and what follows it, ms; 0: none. */
  readonly about: (id: string) => { readonly timeout: number; readonly killAfter: number };
  readonly post: (...events: readonly Event[]) => void;
}

const LOOK_EVERY = 1_000;
/** A keeper may be killed between the fork of a command and its marker: so many looks more are for those. */
const LATE_LOOKS = 5;

/** The time limits of orphans are kept as the keeper would keep them: TERM to the group, and KILL after. */
export function watchOrphans({ markers, written, about, post }: OrphanParts): Orphans {
  const orphans = new Map<string, Orphan>();
  /** Those that have ended; that, or that their probe is spent, may not be on disk yet. */
  const buried = new Set<string>();
  const warned = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let alive: ReadonlySet<string> = new Set();
  let lateLooks = 0;
  let end = Infinity;
  let onNone = (): void => {};

  function find(): void {
    const left = markers.leftByOthers(alive).filter(({ run }) => !buried.has(run) && !orphans.has(run));
    if (left.length === 0) return;
    for (const orphan of left) orphans.set(orphan.run, orphan);
    const commands = left.map((orphan) => ({ ...orphan, told: written.of(orphan.run) !== undefined }));
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
    const told = written.of(orphan.run) === 'ended';
    post({ type: 'orphan-ended', at: Date.now(), id: orphan.id, run: orphan.run, told });
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
      written.forgetDead(living, (run) => orphans.has(run) || buried.has(run));
      timer ??= setInterval(look, LOOK_EVERY);
      look();
    },
    settled() {
      for (const run of buried) markers.remove(run);
      buried.clear();
    },
    async finish(grace, within, keepersEnd) {
      end = Date.now() + grace;
      const none = async (): Promise<void> => {
        await keepersEnd;
        return new Promise((resolve) => {
          onNone = resolve;
          look();
        });
      };
      await inTime(none(), within);
      clearInterval(timer);
    },
    stop() {
      clearInterval(timer);
    },
  };
}

/** Of a probe's command by the definition that holds now: that of the run died with its keeper. */
export function limitsOf({ desired, observed }: Loop, id: string): ReturnType<OrphanParts['about']> {
  const probe = desired.forJail(jailOf(observed, id)).get(id)?.probe;
  return { timeout: probe?.timeout ?? 0, killAfter: probe?.killAfter ?? 0 };
}
