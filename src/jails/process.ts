import { readFileSync, readlinkSync } from 'node:fs';
import { hasEnded, readProcStat } from '../proc-stat.ts';

/** A living process of the host, as /proc tells it. Nothing here looks into the process's own files. */
export interface Process {
  readonly pid: number;
  /** Its name, made fit for a message: a process chooses it by itself. */
  readonly command: string;
  /** Field 22 of /proc/PID/stat: the second half of its identity. */
  readonly start: string;
  /** Such as `pid:[4026532177]`; absent for a process of our own PID namespace. */
  readonly pidNamespace?: string;
}

/** Why there is no such process to speak of. */
export type NoProcess =
  | { readonly why: 'gone' | 'zombie' }
  | { readonly why: 'hidden' | 'thread'; readonly detail: string };

/** Looks at a process. One that has ended but was not yet reaped is `zombie`: nothing can enter it any more. */
export function readProcess(pid: number): Process | NoProcess {
  try {
    const stat = readProcStat(pid);
    if (hasEnded(stat)) return { why: 'zombie' };
    // A thread has a folder in /proc too, although no listing shows it; it stands for nothing.
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const leader = /^Tgid:\t(\d+)$/m.exec(status)?.[1];
    if (leader !== String(pid)) return { why: 'thread', detail: `a thread of process ${leader ?? '?'}` };
    const { start } = stat;
    const command = stat.command.replaceAll(/[^\x20-\x7e]/g, '?');
    // One pid in all PID namespaces from ours inwards: it is in ours. Said even of processes whose `ns` is closed to us.
    if (/^NSpid:\t\d+$/m.test(status)) return { pid, command, start };
    return { pid, command, start, pidNamespace: readlinkSync(`/proc/${pid}/ns/pid`) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return code === 'ENOENT' || code === 'ESRCH' ? { why: 'gone' } : { why: 'hidden', detail: code };
  }
}

/** The first 8 digits of the boot id: a pid and a start time mean nothing after a reboot. */
export function bootName(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
}
