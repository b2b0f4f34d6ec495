import { isFitHostname, isFitName, type ListedJail } from './listed.ts';

/** A jail of `jls -v`. */
type Row = Omit<ListedJail, 'instance' | 'residents'> & { readonly cpuset: number };

/**
 * Reads `jls -v --libxo json`: the jails that live, without those that are dying.
 *
 * What is read is in part written by the jails: their root sets the host name, and the root of a jail that may have
 * jails of its own chooses their names. libxo before 1.7.5 writes control characters as they are (FreeBSD PR 285177), so
 * one jail could make the list of all unreadable. @throws Error when it is no such list all the same, as when it was cut off
 */
export function parseJls(printed: Buffer): Row[] {
  return jailsIn(printed).flatMap(({ jid, name, path, hostname, state, cpusetid }) => {
    const [number, cpuset] = [numberOf(jid), numberOf(cpusetid)];
    if (number === undefined || cpuset === undefined || typeof path !== 'string') return [];
    if (typeof name !== 'string' || !isFitName(name) || state === 'DYING') return [];
    return [{ jid: number, name, path, cpuset, ...(isFitHostname(hostname) && { hostname }) }];
  });
}

/** Reads `jls --libxo json jid persist`: which jails stay when their last process has ended. Two values that are never empty. */
export function parsePersist(printed: Buffer): Map<number, boolean> {
  const persists = new Map<number, boolean>();
  for (const { jid, persist } of jailsIn(printed)) {
    const number = numberOf(jid);
    // A number, a truth or either as a text: that has changed from version to version of jls.
    const value = ['0', 'false', '1', 'true'].indexOf(String(persist));
    if (number !== undefined && value >= 0) persists.set(number, value > 1);
  }
  return persists;
}

/** The instances of the jails, `BOOT:JID:CPUSET`: a jail has a set of processors of its own from its first instant. */
export function instanceOf(boot: string, { jid, cpuset }: Pick<Row, 'jid' | 'cpuset'>): string {
  return `${boot}:${jid}:${cpuset}`;
}

function jailsIn(printed: Buffer): Record<string, unknown>[] {
  // Only newlines stand raw between the values; inside of one libxo escapes them.
  const text = printed
    .toString('utf8')
    .replaceAll(/[^\n -\uffff]/g, (raw) => `\\u${raw.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const top = parseJson(text) as { 'jail-information'?: { jail?: unknown } } | null;
  const jails = top?.['jail-information']?.jail;
  if (!Array.isArray(jails)) throw new Error('jls printed no list of jails');
  return jails.filter((jail) => typeof jail === 'object' && jail !== null);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`jls printed ${text.length} characters that are no whole JSON`);
  }
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) && (number as number) > 0 ? (number as number) : undefined;
}
