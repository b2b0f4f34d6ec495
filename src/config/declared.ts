import type { Config, JailConfig, Origin, ProbeConfig, Whereabouts } from './config.ts';
import { matchesJail } from './glob.ts';

/** A probe that a jail is to have. */
export interface DeclaredProbe {
  readonly probe: ProbeConfig;
  /** Its title belongs to an earlier probe of this jail, so that it cannot be armed. */
  readonly clash?: { readonly with: string; readonly origin: Origin };
}

/** What is wanted, asked jail by jail. */
export interface Declared {
  /** The jails with an exact name, in the order of the files. */
  readonly jailNames: readonly string[];
  /** The jids that are keys, in digits. */
  readonly jids: readonly string[];
  /** Where the file says that a jail of an exact name is. */
  whereabouts(name: string): Whereabouts | undefined;
  /**
   * The probes of a jail, whether the file names it or not; the same array for the same question.
   *
   * @param listed whether patterns may mean it: the host lists it, or it has a name
   */
  forJail(name: string, jid?: number, listed?: boolean): readonly DeclaredProbe[];
}

const mostRemembered = 20_000;

/**
 * Decides which definition holds. For one jail and one key it comes from the exact name, else the jid, else the first
 * pattern that matches, and is taken whole; `enabled: false` takes the key away. Pure.
 */
export function createDeclared({ jails }: Pick<Config, 'jails'>): Declared {
  const named = new Map<string, JailConfig[]>();
  const numbered = new Map<string, JailConfig[]>();
  const globs = jails.filter((jail) => jail.glob);
  for (const jail of jails) {
    if (jail.glob) continue;
    const group = isJid(jail.name) ? numbered : named;
    const entries = group.get(jail.name);
    if (entries) entries.push(jail);
    else group.set(jail.name, [jail]);
  }
  const known = new Map<string, readonly DeclaredProbe[]>();

  const forJail = (name: string, jid?: number, listed = true): readonly DeclaredProbe[] => {
    const question = `${jid ?? ''} ${listed ? '' : '-'} ${name}`;
    const before = known.get(question);
    if (before) return before;
    const ranked = [
      ...(named.get(name) ?? []),
      ...(numbered.get(String(jid)) ?? []),
      ...(listed ? globs.filter((glob) => matchesJail(glob.name, name)) : []),
    ];
    const wanted = choose(ranked);
    // Jails with names of chance come and go for as long as a configuration holds.
    if (known.size >= mostRemembered) known.clear();
    known.set(question, wanted);
    return wanted;
  };

  const whereabouts = (name: string): Whereabouts | undefined => {
    const entries = named.get(name);
    return (entries?.find((entry) => entry.whereabouts.by !== 'name') ?? entries?.[0])?.whereabouts;
  };

  return { jailNames: [...named.keys()], jids: [...numbered.keys()], whereabouts, forJail };
}

/** Of entries in order of rank, the first definition of each key, and the first holder of each title. */
function choose(ranked: readonly JailConfig[]): readonly DeclaredProbe[] {
  const keys = new Set<string>();
  const titles = new Map<string, ProbeConfig>();
  const wanted: DeclaredProbe[] = [];
  for (const { probes } of ranked) {
    for (const probe of probes) {
      if (keys.has(probe.key)) continue;
      keys.add(probe.key);
      if (!probe.enabled) continue;
      const holder = titles.get(probe.title);
      if (holder) wanted.push({ probe, clash: { with: holder.key, origin: holder.origin } });
      else wanted.push({ probe });
      if (!holder) titles.set(probe.title, probe);
    }
  }
  return wanted;
}

/** Whether a key under `jails:` is a jid: digits alone. */
export function isJid(name: string): boolean {
  return /^[0-9]+$/.test(name);
}
