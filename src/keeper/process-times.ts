import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PLATFORM, type Platform } from '../platform.ts';
import { hasEnded, readProcStat } from '../proc-stat.ts';

/** When processes were started, by the clock of the keeper's markers: ms since the machine was booted. */
export interface ProcessTimes {
  now(): number;
  /** Undefined when there is no such process, or only its zombie. */
  startOf(pid: number): number | undefined;
  /** How far what is told of one start may lie apart, ms. */
  readonly within: number;
}

/** Those of this system: from /proc on Linux, else by ps(1). */
export function processTimes(platform: Platform = PLATFORM): ProcessTimes {
  return platform === 'Linux' ? fromProc : fromPs('/bin/ps');
}

/** The clock of /proc/PID/stat: 100 ticks a second on every Linux that we know (USER_HZ). */
const TICK_MS = 10;

const fromProc: ProcessTimes = {
  now: () => Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000,
  startOf(pid) {
    try {
      const stat = readProcStat(pid);
      return hasEnded(stat) ? undefined : Number(stat.start) * TICK_MS;
    } catch {
      return undefined;
    }
  },
  // Between its fork and its marker a command's process takes this long at most.
  within: 1_000,
};

/**
 * By ps(1), which tells the second in which a process was started. It is waited for: there are commands without a keeper only after
 * one was killed, and only until they end.
 *
 * @param ps its path
 */
export function fromPs(ps: string): ProcessTimes {
  // CLOCK_MONOTONIC, which on BSD begins with the boot: the keeper's clock for its markers there.
  const now = (): number => Number(process.hrtime.bigint() / 1_000_000n);
  return {
    now,
    startOf(pid) {
      const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC0' };
      const args = ['-p', String(pid), '-o', 'state=', '-o', 'lstart='];
      const { stdout } = spawnSync(ps, args, {
        env,
        timeout: 5_000,
        killSignal: 'SIGKILL',
        encoding: 'latin1',
      });
      const startedAt = parseStart(stdout ?? '');
      return startedAt === undefined ? undefined : startedAt - (Date.now() - now());
    },
    // And a second that is told without its parts.
    within: 2_500,
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Reads `STATE Mon Nov  3 16:23:07 2026`, a time in UTC, as ms since 1970; undefined for a zombie and for no process. */
export function parseStart(printed: string): number | undefined {
  const [, state, month, day, hours, minutes, seconds, year] =
    /^\s*(\S+)\s+\w{3}\s+(\w{3})\s+(\d{1,2})\s+(\d\d):(\d\d):(\d\d)\s+(\d{4})\s*$/.exec(printed) ?? [];
  const number = MONTHS.indexOf(month ?? '');
  if (state === undefined || state.startsWith('Z') || number < 0) return undefined;
  return Date.UTC(Number(year), number, Number(day), Number(hours), Number(minutes), Number(seconds));
}
