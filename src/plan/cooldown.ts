import type { ProbeConfig } from '../config/config.ts';
import type { ObservedProbe } from './observed.ts';

/**
 * Until when a probe stays away since it was triggered, ms since 1970. Its keeper keeps the time, by a clock that never
 * jumps; this is for a keeper that knows nothing of that trigger.
 */
export function cooldownEnd(
  { last }: ObservedProbe,
  { cooldown }: ProbeConfig,
  now: number,
): number | undefined {
  // A trigger from the future: the clock was set back.
  if (!last || last.firedAt > now) return undefined;
  const end = last.firedAt + cooldown;
  return end > now ? end : undefined;
}
