import type { Settings } from '../config/config.ts';
import { Complaint, EXIT, type ExitCode } from '../control/protocol.ts';
import type { Observed } from '../plan/observed.ts';
import { isAdhoc, jailOf } from '../plan/probe-id.ts';
import { reasonOf } from '../reason.ts';
import type { Keepers } from './keepers/keepers.ts';
import type { Loop } from './loop.ts';
import type { Orphans } from './orphans.ts';

/** How a daemon ends in order: with all it has, or by leaving it to the next one. */
export interface Ending {
  /** From now on nothing is armed or changed any more. */
  readonly begun: boolean;
  /**
   * SIGTERM, SIGINT and `stop`: every probe is taken away, commands finish or are ended. To ask again is to wait for the same.
   *
   * @param say told what is waited for
   * @returns the pids of keepers that have not ended
   * @throws Error why it could not be done in order: the daemon ends all the same
   */
  stop(say?: (what: string) => void): Promise<readonly number[]>;
  /** `upgrade`: keeper, probes and commands go on, and the next daemon finds them. */
  leave(): Promise<void>;
}

export interface EndingParts {
  readonly loop: Loop;
  readonly keepers: Keepers;
  readonly orphans: Orphans;
  readonly settings: () => Settings;
  readonly say: (level: 'info' | 'warn' | 'error', what: string, why?: string) => void;
  /** Nothing from outside is to be learned any more: the file's changes, the jails'. */
  readonly deafen: () => Promise<void>;
  /** A supervisor waits for the end of this process, and starts the daemon anew when it is an error. */
  readonly supervised: boolean;
  /** The last thing: lets go of socket, pidfile and history. */
  readonly close: (code: ExitCode) => void;
}

/** A keeper tells the ends of commands and is acknowledged; a disk may be slow: so long beyond all limits, ms. */
const MARGIN = 10_000;
/** ms. */
const TELL_EVERY = 1_000;
/** Of a command that is defined nowhere any more, ms. */
const USUAL_KILL_AFTER = 10_000;

/** A daemon that has not begun to end. */
export function createEnding(parts: EndingParts): Ending {
  let begun = false;
  let stopping: Promise<readonly number[]> | undefined;
  const hearers = new Set<(what: string) => void>();
  let waitsFor: string | undefined;

  async function stopNow(): Promise<readonly number[]> {
    begun = true;
    parts.say('info', 'stopping: every probe is taken away');
    try {
      const left = await takeAllAway();
      for (const pid of left)
        parts.say('error', `keeper pid ${pid} does not end; it is left to do so by itself`);
      parts.say('info', 'stopped');
      parts.close(left.length === 0 ? EXIT.ok : EXIT.failed);
      return left;
    } catch (error) {
      // One that stayed now would refuse everything, and do nothing.
      parts.say(
        'error',
        'the daemon cannot end in order; the next one finds what it leaves',
        reasonOf(error),
      );
      parts.close(EXIT.failed);
      throw error;
    }
  }

  async function takeAllAway(): Promise<readonly number[]> {
    await parts.deafen();
    const { grace } = parts.settings();
    const killAfter = longestKillAfter(parts.loop);
    const within = grace + killAfter + MARGIN;
    const tell = (): void => {
      const what =
        describeWait(parts.loop.observed, grace, killAfter) ?? describeLack(parts.loop.unrecorded, within);
      if (what === waitsFor) return;
      waitsFor = what;
      if (what === undefined) return;
      parts.say('info', what);
      for (const hear of hearers) hear(what);
    };
    tell();
    // Some end, and a trigger of the last instant may only just be told of.
    const telling = setInterval(tell, TELL_EVERY);
    try {
      const quitting = parts.keepers.quit(grace, within);
      const [left] = await Promise.all([quitting, parts.orphans.finish(grace, within, quitting)]);
      return left;
    } finally {
      clearInterval(telling);
    }
  }

  return {
    get begun() {
      return begun;
    },
    stop(say) {
      if (say) hearers.add(say);
      if (waitsFor !== undefined) say?.(waitsFor);
      return (stopping ??= stopNow());
    },
    async leave() {
      begun = true;
      parts.say('info', 'this daemon ends for an upgrade; keeper, probes and commands go on');
      await parts.deafen();
      parts.orphans.stop();
      await parts.keepers.leave();
      parts.close(parts.supervised ? EXIT.busy : EXIT.ok);
    },
  };
}

/** For what makes no sense any more. @throws Complaint (busy) */
export function refuseWhileEnding({ begun }: Ending): void {
  if (begun)
    throw new Complaint(EXIT.busy, 'the daemon is just ending', 'try again when the next one has started');
}

/** Of all that may run: a run keeps the limit that it started with. */
function longestKillAfter({ observed, desired }: Loop): number {
  let longest = USUAL_KILL_AFTER;
  for (const jail of observed.jails.values())
    for (const { id, ordered } of jail.probes.values())
      for (const want of [ordered, desired.forJail(jail.name).get(id)])
        longest = Math.max(longest, want?.probe.killAfter ?? 0);
  return longest;
}

function describeWait(observed: Observed, grace: number, killAfter: number): string | undefined {
  const SHOWN = 5;
  const running: string[] = [];
  for (const jail of observed.jails.values())
    for (const { id, commands } of jail.probes.values())
      for (const run of commands.keys()) running.push(`${nameOf(observed, id)} (${run})`);
  if (running.length === 0) return undefined;
  const more = running.length > SHOWN ? ` and ${running.length - SHOWN} more` : '';
  const what = `${running.length} command${running.length === 1 ? '' : 's'}: ${running.slice(0, SHOWN).join(', ')}${more}`;
  return `waiting for ${what}; ${seconds(grace)}, then TERM, and KILL at most ${seconds(killAfter)} later`;
}

function describeLack(unrecorded: string | undefined, within: number): string | undefined {
  if (unrecorded === undefined) return undefined;
  return `the history cannot be written (${unrecorded}): waiting ${seconds(within)} until it can; what it still lacks then stays with the keeper`;
}

function nameOf(observed: Observed, id: string): string {
  return isAdhoc(id) ? `${id} of ${jailOf(observed, id)}` : id;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
