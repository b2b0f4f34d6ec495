import { Complaint, EXIT, flagArgument, textArgument } from '../../control/protocol.ts';
import type { Handler } from '../../control/server.ts';
import type { Line } from '../../history/entry.ts';
import type { Wanted } from '../../plan/wanted.ts';
import type { Services } from './services.ts';

/** `trigger JAIL TITLE`: fires an armed probe from the host; with `wait` it answers when the command has ended. */
export function triggerHandler({ loop, keeper, feed }: Services): Handler {
  return async (args, reply) => {
    const jail = textArgument(args, 'jail');
    const title = textArgument(args, 'title');
    const wait = flagArgument(args, 'wait');
    const want = find(loop.desired.forJail(jail), jail, title);
    const link = keeper();
    if (!link) throw new Complaint(EXIT.busy, 'there is no keeper at the moment', 'try again in a second');

    const ended = new Map<string, Extract<Line, { t: 'ended' }>>();
    const unsubscribe = feed.subscribe((line) => {
      if (line.t === 'ended') ended.set(line.id, line);
    });
    try {
      const { run } = await link
        .ask((ref) => ({ verb: 'fire', id: want.id, ref }))
        .catch((error: Error) => {
          throw new Complaint(
            EXIT.failed,
            `${want.id} cannot be triggered: ${error.message}`,
            `"jaildaemon status ${jail}" shows its state`,
          );
        });
      if (run === undefined) throw new Error('the keeper told no id');
      if (!wait) return { id: run, probe: want.id };
      const line = await loop.until(() => ended.get(run), Infinity, reply.gone);
      if (!line) throw new Complaint(EXIT.failed, `the daemon stops; trigger ${run} goes on`);
      const { t: _, ...outcome } = line;
      return { ...outcome, id: run, probe: want.id };
    } finally {
      unsubscribe();
    }
  };
}

/** By title, or by key where that differs. */
function find(wanted: ReadonlyMap<string, Wanted>, jail: string, title: string): Wanted {
  for (const want of wanted.values())
    if (want.probe.title === title || want.probe.key === title || want.id === title) return want;
  throw new Complaint(
    EXIT.failed,
    `jail ${JSON.stringify(jail)} has no probe ${JSON.stringify(title)}`,
    '"jaildaemon status" lists them',
  );
}
