import { Complaint, EXIT } from '../../control/protocol.ts';
import type { Jail } from '../../jails/jail.ts';
import type { Whereabouts } from '../../config/config.ts';
import { runningJail } from '../../plan/observed.ts';
import { reasonOf } from '../../reason.ts';
import type { Looker } from '../looker.ts';
import type { Loop } from '../loop.ts';

/** A jail by its name in the file, else as the system knows it: by name or jid; on Linux by the pid of its first process. */
export async function findJail(loop: Loop, looker: Looker, word: string): Promise<Jail> {
  if (loop.wish.declared.jailNames.includes(word)) {
    const named = runningJail(loop.observed.jails.get(word));
    if (named) return named;
    // It may have been started since the last look, and by whoever asks now.
    const whereabouts = loop.wish.declared.whereabouts(word) ?? { by: 'name' };
    const [sighting] = (await looker.survey(new Map([[word, whereabouts]]))).filter(
      ({ name }) => name === word,
    );
    if (sighting && 'jail' in sighting) return sighting.jail;
    const why = sighting ? `: ${'absent' in sighting ? sighting.absent : sighting.refused}` : '';
    throw new Complaint(EXIT.failed, `jail ${word} does not run${why}`, 'nothing was kept');
  }
  // Always looked at anew: a number may be somebody else's by now.
  const sighting = await looker.find(word).catch(refuseBlindly);
  if (!('jail' in sighting))
    throw new Complaint(
      EXIT.failed,
      'absent' in sighting
        ? `there is no jail ${JSON.stringify(word)}: ${sighting.absent}`
        : `${word}: ${sighting.refused}`,
      'give a name from the file, or a jid; on Linux the pid of the jail’s first process. Nothing was kept',
    );
  for (const other of loop.observed.jails.values()) {
    const running = runningJail(other);
    if (running?.instance === sighting.jail.instance) return running;
  }
  return sighting.jail;
}

function refuseBlindly(error: unknown): never {
  const why = reasonOf(error);
  throw new Complaint(EXIT.failed, `the jails cannot be listed: ${why}`, 'nothing was kept');
}

/** Where a jail is found again that the file does not name. */
export function whereToFindAgain({ kind, pid }: Jail): Whereabouts {
  return kind === 'jail' ? { by: 'name' } : { by: 'pid', pid: pid ?? 0 };
}
