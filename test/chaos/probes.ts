import type { Random } from './random.ts';

export type Respawn = 'never' | 'after' | 'immediately';

/** One probe of the file, as it is wanted at some moment. */
export interface Probe {
  /** `JAIL.NUMBER`: what ties a process, a line of the ledger and a record of the history together. */
  readonly slot: string;
  readonly jail: number;
  readonly respawn: Respawn;
  /** Part of the title: another version is another process. */
  readonly version: number;
  readonly uid: number;
  /** How long its command takes, ms, and its exit code. */
  readonly hold: number;
  readonly code: number;
  readonly how: 'list' | 'shell';
  /** Its command does not end on TERM. */
  readonly deaf: boolean;
  readonly present: boolean;
  /** Further keys of the file. */
  readonly keys: Readonly<Record<string, string | number | boolean>>;
}

/** What an edit of the file does to one probe. */
export type Change =
  | { readonly slot: string; readonly change: 'command'; readonly hold: number; readonly code: number }
  | { readonly slot: string; readonly change: 'title' }
  | { readonly slot: string; readonly change: 'uid'; readonly uid: number }
  /** Removes it, or puts it back. */
  | { readonly slot: string; readonly change: 'presence' };

export type Changes = readonly Change[];
export type Probes = ReadonlyMap<string, Probe>;

export const JAILS = 6;
export const PROBES_EACH = 50;
const NEVER = 12;
const AFTER = 24;

export const jailName = (jail: number): string => `j${jail}`;
export const slotOf = (jail: number, number: string): string => `${jail}.${number}`;
/** Its key in the file. */
export const keyOf = ({ slot }: { readonly slot: string }): string => `p${slot.slice(slot.indexOf('.') + 1)}`;
/** Its id in the daemon's words. */
export const idOf = (probe: Probe): string => `${jailName(probe.jail)}/${keyOf(probe)}`;
/** Whether the declared probe of this id respawns never. */
export const firesOnce = (id: string): boolean => Number(/\/p(\d+)$/.exec(id)?.[1] ?? Infinity) < NEVER;
/** All titles that a slot ever has begin so. */
export const titleStem = (prefix: string, slot: string): string => `${prefix}.${slot}.`;
export const titleOf = (prefix: string, { slot, version }: Pick<Probe, 'slot' | 'version'>): string =>
  `${titleStem(prefix, slot)}${version}`;

/** The slot in a title or in a process's name; undefined for those of others. */
export function slotIn(prefix: string, title: string): string | undefined {
  const [first, jail, number] = title.split('.');
  return first === prefix && jail !== undefined && number !== undefined
    ? slotOf(Number(jail), number)
    : undefined;
}

export function firstProbes(random: Random): Probes {
  const probes = new Map<string, Probe>();
  for (let jail = 0; jail < JAILS; jail++) {
    for (let number = 0; number < PROBES_EACH; number++) {
      const probe = firstProbe(random, jail, number);
      probes.set(probe.slot, probe);
    }
  }
  return probes;
}

function firstProbe(random: Random, jail: number, number: number): Probe {
  const respawn = number < NEVER ? 'never' : number < NEVER + AFTER ? 'after' : 'immediately';
  return {
    slot: slotOf(jail, String(number).padStart(2, '0')),
    jail,
    respawn,
    version: 0,
    uid: random.pick([0, 0, 80]),
    ...newCommand(random),
    how: random.pick(['list', 'shell']),
    deaf: number % 10 === 3,
    present: random.chance(0.9),
    keys: keysOf(respawn, number),
  };
}

function keysOf(respawn: Respawn, number: number): Probe['keys'] {
  return {
    ...(number % 10 === 3 && { timeout: '1s', kill_after: '300ms' }),
    ...(number % 10 === 5 && { timeout: '1s' }),
    ...(number % 10 === 7 && { cooldown: '500ms' }),
    ...(respawn === 'after' && number % 4 === 0 && { receipt: true }),
    ...(respawn === 'immediately' && { concurrency: (number % 3) + 1 }),
  };
}

/** Most are quick; some take long enough for much to happen meanwhile. */
export function newCommand(random: Random): Pick<Probe, 'hold' | 'code'> {
  const hold = random.chance(0.85) ? random.between(0, 150) : random.between(500, 2500);
  return { hold, code: random.pick([0, 0, 0, 1, 7]) };
}

export function changed(probes: Probes, changes: Changes): Probes {
  const after = new Map(probes);
  for (const change of changes) {
    const probe = after.get(change.slot);
    if (!probe) throw new Error(`there is no probe ${change.slot}`);
    after.set(change.slot, changedOne(probe, change));
  }
  return after;
}

function changedOne(probe: Probe, change: Change): Probe {
  switch (change.change) {
    case 'command':
      return { ...probe, hold: change.hold, code: change.code };
    case 'title':
      return { ...probe, version: probe.version + 1 };
    case 'uid':
      return { ...probe, uid: change.uid };
    case 'presence':
      return { ...probe, present: !probe.present };
  }
}
