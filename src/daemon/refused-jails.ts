import type { JailEvent } from '../event.ts';
import type { LogLine } from '../log.ts';

/**
 * What the log says of jails in which nothing can be armed: a look at one comes again every few seconds, the line only with
 * another reason, and a last one when it can be entered.
 *
 * @returns the lines of one look
 */
export function createRefusedJails(): (event: JailEvent) => LogLine[] {
  const reasons = new Map<string, string>();

  return ({ at, sightings }) =>
    sightings.flatMap((sighting): LogLine[] => {
      const { name: subject } = sighting;
      if ('unsure' in sighting) return []; // that the system does not answer is said once, and of no jail
      const before = reasons.get(subject);
      if ('refused' in sighting) {
        const why = sighting.refused;
        reasons.set(subject, why);
        return why === before ? [] : [{ at, level: 'warn', subject, what: 'nothing can be armed here', why }];
      }
      reasons.delete(subject);
      return before === undefined
        ? []
        : [{ at, level: 'info', subject, what: 'what kept probes away is gone' }];
    });
}
