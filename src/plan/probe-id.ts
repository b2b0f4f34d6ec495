import type { Observed } from './observed.ts';

/** Whether an id is that of an ad hoc probe: no jail may be called `adhoc`. */
export function isAdhoc(id: string): boolean {
  return id.startsWith('adhoc/');
}

/** Where a probe lives: an ad hoc one in the jail that it was asked for, also when it is forgotten and still runs. */
export function jailOf({ adhoc, jails }: Pick<Observed, 'adhoc' | 'jails'>, id: string): string {
  if (!isAdhoc(id)) return jailOfId(id);
  const known = adhoc.get(id)?.jail;
  if (known !== undefined) return known;
  for (const jail of jails.values()) if (jail.probes.has(id)) return jail.name;
  return jailOfId(id);
}

/** The jail's name in a declared probe's id: names hold no slash, keys may. */
function jailOfId(id: string): string {
  return id.slice(0, id.indexOf('/'));
}
