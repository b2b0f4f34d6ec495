import { readFileSync } from 'node:fs';

/** What Linux tells of a process in /proc/PID/stat, as far as somebody here asks: proc_pid_stat(5). */
export interface ProcStat {
  /** Its name, which it may choose by itself: anything. */
  readonly command: string;
  /** One letter: `T` is stopped by a signal, `t` by a tracer. */
  readonly state: string;
  readonly group: number;
  readonly session: number;
  /** Its controlling terminal; 0: none. */
  readonly terminal: number;
  /** The process group to which that terminal belongs now. */
  readonly foreground: number;
  /** When it was started, in clock ticks since the boot: with the pid it names the process. */
  readonly start: string;
}

/** Reads it without waking the process. @throws the system's error: ENOENT or ESRCH when there is no such process */
export function readProcStat(pid: number | 'self'): ProcStat {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // `PID (COMMAND) STATE PPID …`: the name may hold blanks and parentheses, so the fields are counted from its end.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    command: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '',
    group: Number(fields[2]),
    session: Number(fields[3]),
    terminal: Number(fields[4]),
    foreground: Number(fields[5]),
    start: fields[19] ?? '',
  };
}

/** Whether only its entry in the table is left, which its parent has not taken note of yet. */
export function hasEnded({ state }: ProcStat): boolean {
  return 'ZXx'.includes(state);
}
