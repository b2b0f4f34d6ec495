import { cooldownEnd } from '../plan/cooldown.ts';
import { runningJail, type ObservedJail, type ObservedProbe, type Trouble } from '../plan/observed.ts';
import { COOLDOWN, MOVING } from '../plan/rules.ts';
import type { Wanted } from '../plan/wanted.ts';
import { errnoName } from './entry.ts';

export type State = 'waiting' | 'armed' | 'running' | 'cooling' | 'spent' | 'failed';

/** A probe's state, and why it is so. */
export interface Standing {
  readonly state: State;
  readonly reason?: string | undefined;
  readonly until?: number | undefined;
}

const QUEUED = 'queued: as many commands run as the budget allows';

/** The state in the words of the manual, from the strongest reason to the weakest. */
export function standing(
  jail: ObservedJail,
  want: Wanted,
  probe: ObservedProbe | undefined,
  now: number,
): Standing {
  if (want.clash !== undefined) return { state: 'failed', reason: want.clash };
  const sighting = jail.sighting;
  if (sighting && 'refused' in sighting) return { state: 'failed', reason: sighting.refused };
  const running = runningJail(jail);
  const held = probe?.held;
  if (held?.state === 'running') return { state: 'running', reason: queued(probe) };
  if (!held && probe && probe.commands.size > 0)
    return [...probe.commands.values()].some(({ orphan }) => orphan)
      ? { state: 'running', reason: 'its keeper has died; the command is watched by its pid' }
      : { state: 'running', reason: `${MOVING} when its command has ended` };
  if (!running)
    return { state: 'waiting', reason: sighting && 'absent' in sighting ? sighting.absent : undefined };
  if (probe?.spentIn === running.instance && want.probe.respawn === 'never') return { state: 'spent' };
  if (!held && probe?.leaving)
    return {
      state: probe.leaving.some(({ pid }) => pid !== undefined) ? 'armed' : 'waiting',
      reason: MOVING,
    };
  const until = held || !probe ? undefined : cooldownEnd(probe, want.probe, now);
  if (until !== undefined) return { state: 'cooling', reason: COOLDOWN, until };
  switch (held?.state) {
    case 'armed':
      if (held.instance !== running.instance) return { state: 'waiting', reason: 'being armed' };
      return {
        state: 'armed',
        reason:
          probe?.trouble?.tag && held.replacedBy === undefined && probe.trouble.tag !== held.tag
            ? `an older definition: ${why(probe)}`
            : undefined,
      };
    case 'cooling':
      if (held.reason === 'budget') return { state: 'running', reason: QUEUED };
      return { state: 'cooling', reason: holdReason(held.reason), until: held.until };
    default:
      if (probe?.trouble?.kind === 'died')
        return { state: 'cooling', reason: why(probe), until: probe.trouble.retryAt };
      if (probe?.trouble) return { state: 'failed', reason: why(probe), until: probe.trouble.retryAt };
      return { state: 'waiting', reason: 'being armed' };
  }
}

function queued(probe: ObservedProbe | undefined): string | undefined {
  const waits = [...(probe?.commands.values() ?? [])].some((command) => command.startedAt === undefined);
  return waits ? QUEUED : undefined;
}

function why({ trouble }: ObservedProbe): string {
  if (!trouble) return '';
  return `${troubleWords(trouble)}${trouble.tries > 1 ? ` (${trouble.tries} times)` : ''}`;
}

/** What went wrong, with the system's own name for it: `setuid failed: EINVAL`. */
export function troubleWords({ why, errno }: Pick<Trouble, 'why' | 'errno'>): string {
  return errno === undefined ? why : `${why}: ${errnoName(errno)}`;
}

function holdReason(reason: string | undefined): string {
  switch (reason) {
    case 'cooldown':
      return COOLDOWN;
    case 'concurrency':
      return 'as many of its commands run as `concurrency` allows';
    case 'brake':
      return 'triggered too often: held back by `settings.brake`';
    case 'queue':
      return 'the history could not be written for too long';
    default:
      return 'held back';
  }
}
