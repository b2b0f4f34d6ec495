import { Complaint, EXIT, flagArgument, optionalNumber, optionalText } from '../../control/protocol.ts';
import type { Handler, Reply } from '../../control/server.ts';
import {
  createMerger,
  entryNow,
  findNewest,
  openTriggers,
  type Found,
  type Whose,
} from '../../history/newest.ts';
import { createProbeFilter } from '../../control/pattern.ts';
import type { Entry } from '../../history/entry.ts';
import type { Observed } from '../../plan/observed.ts';
import { openBacklog, TooFarBehind, type Backlog } from './backlog.ts';
import { sendInBatches } from './batch.ts';
import type { Services } from './services.ts';

/** A follower that is so many bytes behind is cut off. */
const MOST_BEHIND = 1024 * 1024;

type Parts = Pick<Services, 'loop' | 'journal' | 'feed'>;

/** `history`: the newest entries, oldest of them first; with `follow` also what comes, until the client leaves. */
export function historyHandler({ loop, journal, feed }: Parts): Handler {
  return async (args, reply) => {
    const filter = createProbeFilter(optionalText(args, 'glob'));
    const matches = ({ probe, jail, title }: Whose): boolean => filter({ id: probe, jail, title });
    const count = optionalNumber(args, 'count', 0, 1_000_000) ?? 20;
    // Before the file is read, so that nothing falls between the two.
    const backlog = flagArgument(args, 'follow') ? openBacklog(feed, MOST_BEHIND) : undefined;
    try {
      const open = backlog ? openTriggers(loop.observed) : new Set<string>();
      const found = await findNewest(journal.readBack(), { count, matches, open });
      const entries = found.newest.map((entry) => entryNow(entry, loop.observed));
      await sendInBatches(entries, (rows) => reply.row(rows));
      if (backlog) await follow(backlog, found, matches, reply);
      return {};
    } catch (error) {
      if (!(error instanceof TooFarBehind)) throw error;
      throw new Complaint(
        EXIT.failed,
        'you are 1 MiB behind what happens and are cut off',
        'read faster, or ask for fewer probes',
      );
    } finally {
      backlog?.close();
    }
  };

  async function follow(
    backlog: Backlog,
    { newest, open }: Found,
    matches: (trigger: Whose) => boolean,
    reply: Reply,
  ): Promise<void> {
    const merger = createMerger([...open, ...newest.filter(({ endedAt }) => endedAt === undefined)]);
    /** Written before the file was read, and after this began to listen: they are in both. */
    const told = new Set(newest.map(({ id }) => id));
    for (;;) {
      const lines = await backlog.take(reply.gone);
      if (!lines) return;
      const entries = lines.flatMap((line) =>
        line.t === 'fired' && told.has(line.id) ? [] : (merger.step(line) ?? []),
      );
      const wanted = entries.filter(matches);
      if (wanted.length > 0)
        await backlog.meanwhile(reply.row(wanted.map((entry) => entryOnItsWay(entry, loop.observed))));
    }
  }
}

/** Of what has just been fired the end is among the lines to come, also where it has ended since. */
function entryOnItsWay(entry: Entry, observed: Observed): Entry {
  const now = entryNow(entry, observed);
  return entry.endedAt === undefined && now.fate === 'unknown' ? { ...entry, fate: 'running' } : now;
}
