import type { Declared } from '../config/declared.ts';
import { jidOf, runningJail, type Observed } from './observed.ts';
import type { Wanted } from './wanted.ts';

/** All that each jail should have now. */
export interface Desired {
  readonly jailNames: readonly string[];
  forJail(name: string): ReadonlyMap<string, Wanted>;
  /** The jails that share a PID namespace with this one, itself among them: what one may have hangs on the others. */
  together(name: string): readonly string[];
}

const NONE: ReadonlyMap<string, Wanted> = new Map();

/**
 * Joins the file and the ad hoc probes for the world as it is.
 *
 * Jails that share a PID namespace (two `pid:` entries of one container, every chroot) show their processes to each
 * other: there the same title may stand in one of them only, in the order of the file.
 */
export function createDesired(declared: Declared, observed: Observed): Desired {
  const adhocByJail = new Map<string, Wanted[]>();
  for (const adhoc of observed.adhoc.values()) {
    const list = adhocByJail.get(adhoc.jail) ?? [];
    list.push({ id: adhoc.id, probe: adhoc.probe, adhoc: true });
    adhocByJail.set(adhoc.jail, list);
  }
  const idle = new Set(idleJids(declared, observed));
  const jailNames = [...new Set([...declared.jailNames, ...idle, ...adhocByJail.keys()])];
  const memo = new Map<string, ReadonlyMap<string, Wanted>>();
  const shared = sharedNamespaces(jailNames, observed);

  function declaredFor(name: string): Wanted[] {
    const jail = observed.jails.get(name);
    const jid = idle.has(name) ? Number(name) : jidOf(jail);
    // A number that the system does not list is only what somebody called a process: no pattern means that.
    const listed = !/^[0-9]+$/.test(name) || runningJail(jail)?.kind === 'jail';
    return declared.forJail(name, jid, listed).map(({ probe, clash }) => ({
      id: `${name}/${probe.key}`,
      probe,
      adhoc: false,
      ...(clash && {
        clash: `the title "${probe.title}" is that of ${name}/${clash.with} (${clash.origin.file}:${clash.origin.line})`,
      }),
    }));
  }

  function forJail(name: string): ReadonlyMap<string, Wanted> {
    const known = memo.get(name);
    if (known) return known;
    const all = declaredFor(name);
    for (const one of adhocByJail.get(name) ?? []) all.push(withHolder(one, all));
    const together = shared.get(name) ?? [];
    const earlier = together.slice(0, together.indexOf(name));
    const wanted =
      all.length === 0
        ? NONE
        : new Map(all.map((one) => [one.id, earlier.length > 0 ? withClash(one, earlier) : one]));
    memo.set(name, wanted);
    return wanted;
  }

  /** An ad hoc probe is asked for when its title is free; but two may be asked for at once, or the file be loaded meanwhile. */
  function withHolder(one: Wanted, earlier: readonly Wanted[]): Wanted {
    const holder = earlier.find(
      (other) => other.clash === undefined && other.probe.title === one.probe.title,
    );
    return holder ? { ...one, clash: `the title "${one.probe.title}" is that of ${holder.id}` } : one;
  }

  /** A title that a jail earlier in the same namespace holds already. */
  function withClash(one: Wanted, earlier: readonly string[]): Wanted {
    if (one.clash !== undefined) return one;
    for (const jail of earlier) {
      for (const other of forJail(jail).values()) {
        if (other.clash === undefined && other.probe.title === one.probe.title) {
          return {
            ...one,
            clash: `${other.id} has the title "${one.probe.title}" in the same PID namespace`,
          };
        }
      }
    }
    return one;
  }

  return { jailNames, forJail, together: (name) => shared.get(name) ?? [name] };
}

/** The jids of the file that no jail has now: until one has, they stand for a jail that is waited for. */
function idleJids({ jids }: Declared, observed: Observed): readonly string[] {
  if (jids.length === 0) return jids;
  const taken = new Set([...observed.jails.values()].map((jail) => jidOf(jail)));
  return jids.filter((jid) => !taken.has(Number(jid)));
}

/** For each jail that shares its PID namespace with others: all of them, in the order of the file. */
function sharedNamespaces(jailNames: readonly string[], observed: Observed): Map<string, readonly string[]> {
  const byNamespace = new Map<string, string[]>();
  for (const name of jailNames) {
    const jail = runningJail(observed.jails.get(name));
    const namespace = jail?.kind === 'chroot' ? 'host' : jail?.pidNamespace;
    if (namespace === undefined) continue;
    const names = byNamespace.get(namespace);
    if (names) names.push(name);
    else byNamespace.set(namespace, [name]);
  }
  const shared = new Map<string, readonly string[]>();
  for (const names of byNamespace.values())
    if (names.length > 1) for (const name of names) shared.set(name, names);
  return shared;
}
