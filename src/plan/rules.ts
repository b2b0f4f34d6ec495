import type { Jail, Sighting } from '../jails/jail.ts';
import { cooldownEnd } from './cooldown.ts';
import { sameBody } from './definition.ts';
import type { ObservedProbe, Trouble } from './observed.ts';
import type { Wanted } from './wanted.ts';

/** What is to be done about one probe, in the words of `plan` and `reload`. */
export type Action = 'keep' | 'update' | 'replace' | 'arm' | 'disarm' | 'wait';

/** All that a rule may look at. `tag` is that of the definition which should hold. */
export interface Situation {
  readonly wanted?: Wanted;
  readonly probe?: ObservedProbe;
  readonly sighting?: Sighting;
  readonly jail?: Jail;
  /** Only our probes keep the jail alive. */
  readonly lonely?: boolean;
  readonly tag: string;
  readonly now: number;
}

export interface Verdict {
  readonly action: Action;
  readonly why?: string;
  /** Nothing can be done before this time (ms since 1970). */
  readonly wakeAt?: number;
}

interface Rule {
  readonly name: string;
  readonly when: (s: Situation) => boolean;
  readonly verdict: (s: Situation) => Verdict;
}

const isHeld = (s: Situation): boolean =>
  s.probe?.held !== undefined && !['removing', 'removed'].includes(s.probe.held.state);
/** It is there, or comes back by itself. */
const isAlive = (s: Situation): boolean =>
  ['armed', 'entering', 'cooling'].includes(s.probe?.held?.state ?? '') && isOurs(s);
const commandsRun = (s: Situation): boolean => (s.probe?.commands.size ?? 0) > 0;
const isOurs = (s: Situation): boolean => s.probe?.held?.instance === s.jail?.instance;
/** What it waits for before it is tried again. A trouble from the future: the clock was set back. */
function backOff({ probe, jail, tag, now }: Situation): Trouble | undefined {
  const trouble = probe?.trouble;
  if (!trouble || trouble.retryAt <= now || trouble.at > now) return undefined;
  // Whoever ends probes ends those of another definition, too.
  const isOfThis = trouble.kind === 'died' || trouble.tag === '' || trouble.tag === tag;
  return isOfThis && trouble.instance === jail?.instance ? trouble : undefined;
}
function coolsUntil({ probe, wanted, now }: Situation): number | undefined {
  return probe && wanted && cooldownEnd(probe, wanted.probe, now);
}
/** Why a probe that an older keeper has is not armed in the current one. */
export const MOVING = 'moving to the new keeper';
/** Why a probe stays away that a keeper knows nothing of: for status too. */
export const COOLDOWN = 'cooldown after its last trigger';
const waitFor =
  (why: string): ((s: Situation) => Verdict) =>
  () => ({ action: 'wait', why });

/**
 * First match wins. Each rule says by its name what it is there for; the order is the point.
 *
 * They look at the world and not at what woke us, so that a missed or a doubled event does no harm.
 */
const RULES: readonly Rule[] = [
  {
    name: 'what nobody wants is taken away; what is being taken away, or only runs its last command, is left to end',
    when: (s) => !s.wanted,
    verdict: (s) => (isHeld(s) ? { action: 'disarm', why: 'removed' } : { action: 'keep' }),
  },
  {
    name: 'two probes with one title in a jail would be one button with two meanings',
    when: (s) => s.wanted?.clash !== undefined,
    verdict: (s) =>
      isHeld(s)
        ? { action: 'disarm', why: s.wanted?.clash ?? '' }
        : { action: 'wait', why: s.wanted?.clash ?? '' },
  },
  {
    name: 'a jail that could not be looked at keeps what it has',
    when: (s) => s.sighting === undefined || 'refused' in s.sighting,
    verdict: (s) => ({
      action: 'wait',
      why: s.sighting && 'refused' in s.sighting ? s.sighting.refused : 'nobody has looked yet',
    }),
  },
  {
    name: 'a jail that does not run can have no probe; a command that still runs is left alone',
    when: (s) => !s.jail,
    verdict: (s) => {
      const why = s.sighting && 'absent' in s.sighting ? s.sighting.absent : 'not running';
      return isHeld(s) && !commandsRun(s) ? { action: 'disarm', why } : { action: 'wait', why };
    },
  },
  {
    name: 'a jail that ends with its last process is not kept alive by our probes',
    when: (s) => s.lonely === true,
    verdict: (s) => ({ action: isAlive(s) ? 'disarm' : 'wait', why: 'only probes were left in it' }),
  },
  {
    name: 'what an older keeper has is not armed in the current one before it is gone there',
    when: (s) => s.probe?.leaving !== undefined && !isHeld(s),
    verdict: waitFor(MOVING),
  },
  {
    name: 'a command of an earlier instance or keeper that must not overlap is waited for',
    when: (s) => commandsRun(s) && s.wanted?.probe.respawn !== 'immediately' && (!isHeld(s) || !isOurs(s)),
    verdict: waitFor('a command of an earlier instance or keeper still runs'),
  },
  {
    name: 'commands of an earlier keeper count among those that may run at once',
    when: (s) =>
      s.wanted?.probe.respawn === 'immediately' &&
      !isHeld(s) &&
      (s.probe?.commands.size ?? 0) >= s.wanted.probe.concurrency,
    verdict: waitFor('as many commands of an earlier keeper run as `concurrency` allows'),
  },
  {
    name: 'commands of an earlier definition may overlap; the next one must not: it stays away until they have ended',
    when: (s) => commandsRun(s) && s.wanted?.probe.respawn !== 'immediately' && isAlive(s),
    verdict: () => ({ action: 'disarm', why: 'commands of its earlier definition still run' }),
  },
  {
    name: 'spent is spent in its instance, unless it may respawn now',
    when: (s) => s.probe?.spentIn === s.jail?.instance && s.wanted?.probe.respawn === 'never' && !isAlive(s),
    verdict: () => ({ action: 'keep', why: 'spent' }),
  },
  {
    name: 'a keeper that does not know of the last trigger is not to let the next one come too soon',
    when: (s) => !isHeld(s) && coolsUntil(s) !== undefined,
    verdict: (s) => {
      const wakeAt = coolsUntil(s);
      return { action: 'wait', why: COOLDOWN, ...(wakeAt !== undefined && { wakeAt }) };
    },
  },
  {
    name: 'a probe that the keeper does not have, or has in an earlier instance, is armed when its back-off is over',
    when: (s) =>
      !isHeld(s) ||
      (!isOurs(s) && s.probe?.held?.replacedBy !== s.tag) ||
      s.probe?.held?.state === 'idle' ||
      s.probe?.held?.state === 'spent',
    verdict: (s) => {
      const trouble = backOff(s);
      return trouble ? { action: 'wait', why: trouble.why, wakeAt: trouble.retryAt } : { action: 'arm' };
    },
  },
  {
    name: 'the definition that should hold is on its way or is there',
    when: (s) => (s.probe?.held?.replacedBy ?? s.probe?.held?.tag) === s.tag,
    verdict: () => ({ action: 'keep' }),
  },
  {
    name: 'a probe that is just entering is let in before it is changed',
    when: (s) => s.probe?.held?.state === 'entering' || s.probe?.held?.replacedBy !== undefined,
    verdict: waitFor('it is being armed'),
  },
  {
    name: 'a definition that failed is tried again when its back-off is over; the old process serves meanwhile',
    when: (s) => backOff(s) !== undefined,
    verdict: (s) => {
      const trouble = backOff(s);
      return { action: 'wait', ...(trouble && { why: trouble.why, wakeAt: trouble.retryAt }) };
    },
  },
  {
    name: 'the same process can go on, or there is none to replace',
    when: (s) => sameBody(s.probe?.held?.tag ?? '', s.tag),
    verdict: () => ({ action: 'update' }),
  },
  {
    name: 'another title, uid, gid or jail needs another process',
    when: () => true,
    verdict: () => ({ action: 'replace' }),
  },
];

/** What to do about one probe now. */
export function judge(situation: Situation): Verdict {
  const rule = RULES.find((candidate) => candidate.when(situation));
  if (!rule) throw new Error('the last rule always matches');
  return rule.verdict(situation);
}
