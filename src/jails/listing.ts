import type { Whereabouts } from '../config/config.ts';
import type { Sighting } from './jail.ts';

/** Every jail that the system lists, under the host's own name for it. */
export interface Listing {
  readonly byName: ReadonlyMap<string, Sighting>;
  /** The names of the jails with this root. */
  readonly byPath: ReadonlyMap<string, readonly string[]>;
  readonly byJid: ReadonlyMap<number, string>;
}

/** What a listing says of one jail. */
function sightListed(
  listing: Listing,
  name: string,
  whereabouts: Whereabouts & { readonly by: 'name' | 'path' },
): Sighting {
  if (whereabouts.by === 'name') {
    const what = /^[0-9]+$/.test(name) ? `with jid ${name}` : `named "${name}"`;
    return listing.byName.get(name) ?? { name, absent: `no jail ${what} runs` };
  }
  const { path } = whereabouts;
  const [first, ...others] = listing.byPath.get(path) ?? [];
  if (first === undefined) return { name, absent: `no jail with the root ${path} runs` };
  if (others.length > 0)
    return { name, refused: `${path} is the root of the jails ${[first, ...others].join(' and ')}` };
  const found = listing.byName.get(first);
  if (!found) return { name, absent: `no jail with the root ${path} runs` };
  return 'jail' in found ? { name, jail: { ...found.jail, name } } : { ...found, name };
}

/**
 * What a listing says of the jails that are followed and of all others that run, so that patterns find them; and of those
 * that ran `before` and do so no more. A jail that the file calls by another name is one jail, and has that name.
 */
export function sightAll(
  listing: Listing,
  followed: ReadonlyMap<string, Whereabouts>,
  before: Iterable<string>,
): Sighting[] {
  const sightings = new Map<string, Sighting>();
  const renamed = new Map<string, string>();
  for (const [name, whereabouts] of followed) {
    if (whereabouts.by !== 'name' && whereabouts.by !== 'path') continue;
    sightings.set(name, sightListed(listing, name, whereabouts));
    if (whereabouts.by !== 'path') continue;
    for (const own of listing.byPath.get(whereabouts.path) ?? []) if (own !== name) renamed.set(own, name);
  }
  for (const [name, sighting] of listing.byName)
    if (!followed.has(name) && !renamed.has(name)) sightings.set(name, sighting);
  for (const name of before) {
    if (sightings.has(name) || followed.has(name)) continue;
    const other = renamed.get(name);
    const absent = other === undefined ? `no jail named "${name}" runs` : `the file calls it "${other}"`;
    sightings.set(name, { name, absent });
  }
  return [...sightings.values()];
}

/** The jail that somebody names at the command line: by name, by jid, by the path of its root. */
export function findListed(listing: Listing, word: string): Sighting {
  const named = listing.byName.get(word);
  if (named) return named;
  if (word.startsWith('/')) return sightPath(listing, word);
  const numbered = /^[1-9]\d{0,9}$/.test(word) ? listing.byJid.get(Number(word)) : undefined;
  const found = numbered === undefined ? undefined : listing.byName.get(numbered);
  return found ?? { name: word, absent: 'no jail that runs has this name or jid' };
}

/** It keeps the host's name: only the file gives another. */
function sightPath(listing: Listing, path: string): Sighting {
  const names = listing.byPath.get(path) ?? [];
  const found = names.length === 1 ? listing.byName.get(names[0] ?? '') : undefined;
  return found ?? sightListed(listing, path, { by: 'path', path });
}
