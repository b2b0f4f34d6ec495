import { ask } from '../control/client.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { printable } from '../printable.ts';
import type { Common } from './common.ts';
import { print, printJson } from './render.ts';
import { untilEnded } from './until-ended.ts';

interface Stopped {
  readonly pid: number;
  /** Pids of keepers that have not ended. */
  readonly left?: readonly number[];
  /** Why the history could not be written to the last. */
  readonly unrecorded?: string;
}

/** `stop`: says what it waits for, and answers when every probe is away and the keeper has ended. */
export async function stop({ socket, json }: Common): Promise<number> {
  const {
    pid,
    left = [],
    unrecorded,
  } = await ask<Stopped>(socket, { verb: 'stop' }, (row: { waiting: string }) => {
    if (!json) process.stderr.write(`${printable(row.waiting)}\n`);
  });
  // A script that starts the next daemon at once must not meet the end of this one.
  await untilEnded(pid);
  if (left.length > 0) {
    const keeper = `its keeper, pid ${left.join(', ')}, has not`;
    throw unrecorded === undefined
      ? new Complaint(
          EXIT.failed,
          `the daemon, pid ${pid}, has ended; ${keeper}`,
          'it ends by itself when its commands have; "jaildaemon -D" finds it if it does not',
        )
      : new Complaint(
          EXIT.failed,
          `the daemon, pid ${pid}, has ended; ${keeper}: it keeps triggers that the history could not take (${unrecorded})`,
          'mend that, and start the daemon again: it takes them over; then stop it',
        );
  }
  if (json) await printJson({ version: 1, pid });
  else await print(`stopped: daemon pid ${pid}, its keeper and every probe\n`);
  return EXIT.ok;
}
