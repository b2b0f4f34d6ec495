import { readdirSync, readlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processTimes, type ProcessTimes } from './process-times.ts';
import { epochOf, partsOf } from './trigger-id.ts';
import { readOldMarker } from './version-1.ts';

/** A command that was started by a keeper which has died since. It may have ended too, without anybody having been told. */
export interface Orphan {
  /** The probe's id. */
  readonly id: string;
  /** The trigger's. */
  readonly run: string;
  readonly by: 'jail' | 'host';
  /** Of its probe's jail when it was triggered. */
  readonly instance: string;
  /** Its probe is spent by it there (`respawn: never`). */
  readonly once: boolean;
  readonly pid: number;
  /** ms since 1970. */
  readonly startedAt: number;
  /** ms since the machine was booted: with the pid it names the process. */
  readonly bootTime: number;
}

/** The markers of commands in the state directory, `running/ID -> PID BOOTTIME-MS INSTANCE[,once][,host] KEY` (PROTOCOL.md, "Running a command"). */
export interface Markers {
  /** The triggers of all that are there. */
  runs(): string[];
  /**
   * Those of keepers that do not live any more, of each in the order of its triggers.
   *
   * @param living the epochs of those that do
   */
  leftByOthers(living: ReadonlySet<string>): Orphan[];
  /** Whether the process is there still: the same pid, started within a second of that moment. */
  lives(orphan: Orphan): boolean;
  /** For how long it has run, ms of a clock that never jumps. */
  age(orphan: Orphan): number;
  /** The end of its command is in the history. */
  remove(run: string): void;
}

/** @param stateDirectory the daemon's, mode 0700 */
export function openMarkers(stateDirectory: string, times: ProcessTimes = processTimes()): Markers {
  const directory = join(stateDirectory, 'running');

  function names(): string[] {
    try {
      return readdirSync(directory);
    } catch {
      return []; // no keeper has ever been here
    }
  }

  function read(run: string): Orphan | undefined {
    let target: string;
    try {
      target = readlinkSync(join(directory, run));
    } catch {
      return undefined; // it has just been removed, or is no marker
    }
    const old = readOldMarker(target);
    const [, pid, bootTime, instance = '', words = '', id] = old
      ? ['', old[0], old[1], '', '', old[2]]
      : (/^(\d+) (\d+) ([^ ,]*)((?:,[a-z]+)*) (.+)$/s.exec(target) ?? []);
    if (pid === undefined || bootTime === undefined || id === undefined) return undefined;
    // No command is process 0 or 1, and kill(2) of its group would be of our own, or of everybody.
    if (Number(pid) < 2) return undefined;
    const startedAt = Math.round(Date.now() - times.now() + Number(bootTime));
    const flags = new Set(words.split(','));
    return {
      id,
      run,
      instance,
      once: flags.has('once'),
      by: flags.has('host') ? 'host' : 'jail',
      pid: Number(pid),
      startedAt,
      bootTime: Number(bootTime),
    };
  }

  return {
    runs: names,
    leftByOthers(living) {
      const others = names().filter((name) => !living.has(epochOf(name)));
      return others.sort((a, b) => partsOf(a)[1] - partsOf(b)[1]).flatMap((name) => read(name) ?? []);
    },
    lives({ pid, bootTime }) {
      const started = times.startOf(pid);
      return started !== undefined && Math.abs(started - bootTime) <= times.within;
    },
    age: ({ bootTime }) => times.now() - bootTime,
    remove(run) {
      try {
        unlinkSync(join(directory, run));
      } catch {
        // gone already: that is what was wanted
      }
    },
  };
}
