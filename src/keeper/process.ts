import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PLATFORM, type Platform } from '../platform.ts';
import { hasEnded, readProcStat } from '../proc-stat.ts';

/** A living process, as far as it concerns who keeps an eye on it. */
export interface Seen {
  /** When it was started, in the system's own words: with the pid it names the process. */
  readonly start: string;
  /** By a signal or by a tracer. */
  readonly stopped: boolean;
}

/**
 * Looks at a process from outside: it is not woken by that.
 *
 * @returns undefined when there is none, or only what is left of it
 */
export async function seeProcess(pid: number, platform: Platform = PLATFORM): Promise<Seen | undefined> {
  return platform === 'Linux' ? readStat(pid) : askPs(pid);
}

function readStat(pid: number): Seen | undefined {
  try {
    const stat = readProcStat(pid);
    return hasEnded(stat) ? undefined : { start: stat.start, stopped: 'Tt'.includes(stat.state) };
  } catch {
    return undefined; // it has ended
  }
}

async function askPs(pid: number): Promise<Seen | undefined> {
  try {
    // Each column its own -o: on FreeBSD all that follows a `=` is the heading, commas too.
    const args = ['-o', 'state=', '-o', 'lstart=', '-p', String(pid)];
    const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC0' };
    const { stdout } = await promisify(execFile)('/bin/ps', args, {
      env,
      timeout: 5_000,
      killSignal: 'SIGKILL',
    });
    const [state = 'Z', ...start] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') ? undefined : { start: start.join(' '), stopped: state.startsWith('T') };
  } catch {
    return undefined; // ps(1) says by its exit code that there is none
  }
}
