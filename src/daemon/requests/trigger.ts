import { Complaint, EXIT, flagArgument, textArgument } from '../../control/protocol.ts';
import type { Handler } from '../../control/server.ts';
import type { Line } from '../../history/entry.ts';
import type { Wanted } from '../../plan/wanted.ts';
import type { Feed } from '../feed.ts';
import type { Services } from './services.ts';
import { refuseStandstill } from './standstill.ts';

/** `trigger JAIL TITLE`: fires an armed probe from the host; with `wait` it answers when the command has ended. */
export function triggerHandler({ loop, keepers, feed }: Services): Handler {
  return async (args, reply) => {
    const jail = textArgument(args, 'jail');
    const title = textArgument(args, 'title');
    const wait = flagArgument(args, 'wait');
    const want = find(loop.desired.forJail(jail), jail, title);
    await refuseStandstill({ keepers, loop });
    // A probe that is still to move is triggered where it is.
    const older = loop.observed.jails.get(jail)?.probes.get(want.id)?.leaving?.[0];
    const link = older ? keepers.of(older.epoch) : keepers.current;
    if (!link) throw new Complaint(EXIT.busy, 'there is no keeper at the moment', 'try again in a second');

    const ending = wait ? awaitEnding(feed) : undefined;
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
      if (!ending) return { id: run, probe: want.id };
      ending.of(run);
      const line = await loop.until(() => ending.line, Infinity, reply.gone);
      if (!line) throw new Complaint(EXIT.failed, `the daemon stops; trigger ${run} goes on`);
      const { t: _, ...outcome } = line;
      return { ...outcome, id: run, probe: want.id };
    } finally {
      ending?.close();
    }
  };
}

type Ended = Extract<Line, { t: 'ended' }>;

/** Listens for the end of one trigger, whose id is known a moment later: a short command may have ended by then. */
function awaitEnding(feed: Feed) {
  const early = new Map<string, Ended>();
  let mine: string | undefined;
  let found: Ended | undefined;
  const close = feed.subscribe((line) => {
    if (line.t !== 'ended') return;
    if (mine === undefined) early.set(line.id, line);
    else if (line.id === mine) found = line;
  });
  return {
    get line() {
      return found;
    },
    of(run: string) {
      mine = run;
      found = early.get(run);
      early.clear();
    },
    close,
  };
}

/** By title; else by id or key, which another probe may have as its title. */
function find(wanted: ReadonlyMap<string, Wanted>, jail: string, title: string): Wanted {
  const all = [...wanted.values()];
  const found =
    all.find(({ probe }) => probe.title === title) ??
    wanted.get(title) ??
    all.find(({ probe }) => probe.key === title);
  if (found) return found;
  throw new Complaint(
    EXIT.failed,
    `jail ${JSON.stringify(jail)} has no probe ${JSON.stringify(title)}`,
    '"jaildaemon status" lists them',
  );
}
