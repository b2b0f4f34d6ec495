import { Complaint, EXIT, flagArgument, optionalNumber, optionalText } from '../../control/protocol.ts';
import type { Handler, Reply } from '../../control/server.ts';
import type { Entry, Line } from '../../history/entry.ts';
import { createMerger } from '../../history/history.ts';
import { createProbeFilter } from '../../control/pattern.ts';
import { sendInBatches } from './batch.ts';
import type { Services } from './services.ts';

/** A follower that is so many bytes behind is cut off. */
const MOST_BEHIND = 1024 * 1024;

/** `history`: the newest entries, oldest of them first; with `follow` also what comes, until the client leaves. */
export function historyHandler({ loop, journal, feed }: Services): Handler {
  return async (args, reply) => {
    const matches = createProbeFilter(optionalText(args, 'glob'));
    const count = optionalNumber(args, 'count', 0, 1_000_000) ?? 20;
    const merger = createMerger();
    // What happens while the file is read is kept, so that nothing falls between the two.
    const backlog: Line[] = [];
    const receiver = { take: (line: Line): void => void backlog.push(line) };
    const unsubscribe = feed.subscribe((line) => receiver.take(line));
    try {
      for await (const line of journal.read()) merger.add(line);
      const entries = merger.entries(loop.observed).filter(({ probe, title }) => matches(probe, title));
      await sendInBatches(count === 0 ? [] : entries.slice(-count), (rows) => reply.row(rows));
      if (flagArgument(args, 'follow')) await follow(merger, entries, backlog, receiver, matches, reply);
      return {};
    } finally {
      unsubscribe();
    }
  };

  async function follow(
    merger: ReturnType<typeof createMerger>,
    shown: readonly Entry[],
    backlog: readonly Line[],
    receiver: { take: (line: Line) => void },
    matches: (id: string, title: string) => boolean,
    reply: Reply,
  ): Promise<void> {
    const known = new Map(shown.map((entry) => [entry.id, entry]));
    let queue: Line[] = [];
    let behind = 0;
    let wake = (): void => {};
    let cutOff: (why: Complaint) => void = () => {};
    const cut = new Promise<never>((_, reject) => (cutOff = reject));
    // Only kept here: a line is told before the turn has learned what it says, and so before its fate is known.
    const tell = (line: Line): void => {
      queue.push(line);
      behind += JSON.stringify(line).length;
      wake();
      if (behind <= MOST_BEHIND) return;
      receiver.take = () => {};
      queue = [];
      cutOff(
        new Complaint(
          EXIT.failed,
          'you are 1 MiB behind what happens and are cut off',
          'read faster, or ask for fewer probes',
        ),
      );
    };
    for (const line of backlog) if (!known.get(line.id)?.endedAt) tell(line);
    cut.catch(() => {}); // it is raced for below
    receiver.take = tell;
    reply.gone.addEventListener('abort', () => wake());
    while (!reply.gone.aborted) {
      const lines = queue;
      queue = [];
      const batch = lines.flatMap((line) => merger.step(line, loop.observed) ?? []);
      const wanted = batch.filter(({ probe, title }) => matches(probe, title));
      if (wanted.length > 0) await Promise.race([reply.row(wanted), cut]);
      // What it has taken it is no more behind of.
      behind = queue.reduce((sum, line) => sum + JSON.stringify(line).length, 0);
      if (queue.length === 0) await Promise.race([new Promise<void>((resolve) => (wake = resolve)), cut]);
    }
  }
}
