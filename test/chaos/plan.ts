import {
  changed,
  firstProbes,
  JAILS,
  newCommand,
  PROBES_EACH,
  slotOf,
  type Changes,
  type Probes,
} from './probes.ts';
import type { Respawn } from './probes.ts';
import { createRandom, type Random } from './random.ts';

/** What happens, and when: `at` ms after the beginning. A `pick` from 0 to 1 chooses among what is there then. */
export type Action = { readonly at: number } & Deed;

export type Deed =
  /** Somebody inside sends HUP to these probes, or to everybody. */
  | { readonly do: 'press'; readonly jail: number; readonly slots: readonly string[] }
  | { readonly do: 'press-all'; readonly jail: number }
  /** From the host. */
  | { readonly do: 'trigger'; readonly slot: string }
  /** kill -9. */
  | { readonly do: 'kill'; readonly whom: Victim; readonly pick: number }
  /** SIGSTOP, and SIGCONT after `ms`. */
  | {
      readonly do: 'freeze';
      readonly whom: 'daemon' | 'keeper' | 'probe';
      readonly pick: number;
      readonly ms: number;
    }
  /** The keeper is stopped most of the time for so long. */
  | { readonly do: 'slow'; readonly ms: number }
  | { readonly do: 'edit'; readonly changes: Changes }
  /** A file that is broken, until the next edit. */
  | { readonly do: 'spoil'; readonly how: 'cut' | 'key' | 'type' | 'empty' }
  | { readonly do: 'reload'; readonly times: number }
  /** The daemon is started anew without disarming anything; with `keeper`, that is replaced too. */
  | { readonly do: 'upgrade'; readonly keeper: boolean }
  | { readonly do: 'restart'; readonly jail: number }
  | { readonly do: 'stop'; readonly jail: number; readonly ms: number }
  /** The disk of the state directory is full for so long. */
  | { readonly do: 'fill'; readonly ms: number }
  /** An ad hoc probe. */
  | {
      readonly do: 'attach';
      readonly slot: string;
      readonly jail: number;
      readonly respawn: Respawn;
      readonly hold: number;
    };

export type Victim = 'daemon' | 'keeper' | 'probe' | 'command';

export interface Plan {
  readonly seed: number;
  readonly seconds: number;
  /** The file at the beginning, and at the end. */
  readonly first: Probes;
  readonly last: Probes;
  readonly actions: readonly Action[];
}

/** Before it all probes are armed; after it nothing new is begun, ms. */
const QUIET = 1_000;

/** The plan of a seed: always the same. */
export function makePlan(seed: number, seconds: number): Plan {
  const first = firstProbes(createRandom(seed));
  const actions = STREAMS.flatMap(({ every, make }, index) => {
    // Each stream has its own numbers: to change one leaves the others as they were.
    const random = createRandom(seed * 1000 + index + 1);
    return moments(random, every, seconds * 1000 - QUIET).flatMap((at) => make(random, at));
  });
  const sorted = actions.filter(({ at }) => at < seconds * 1000).sort((a, b) => a.at - b.at);
  const numbered = numberAttached(sorted);
  const edits = numbered.flatMap((action) => (action.do === 'edit' ? action.changes : []));
  return { seed, seconds, first, last: changed(first, edits), actions: numbered };
}

function moments(random: Random, every: number, until: number): number[] {
  const found: number[] = [];
  const gap = (): number => -Math.log(1 - random.fraction()) * every;
  for (let at = gap(); at < until; at += gap()) found.push(Math.round(at));
  return found;
}

/** Streams of deeds: on the average one in so many ms. */
const STREAMS: readonly {
  readonly every: number;
  readonly make: (random: Random, at: number) => Action[];
}[] = [
  { every: 80, make: (random, at) => [{ at, do: 'press', ...someProbes(random, random.between(1, 3)) }] },
  { every: 2_000, make: (random, at) => [{ at, do: 'press', ...someProbes(random, 20) }] },
  { every: 7_000, make: (random, at) => [{ at, do: 'press-all', jail: anyJail(random) }] },
  { every: 4_000, make: (random, at) => [{ at, do: 'trigger', slot: anySlot(random) }] },
  { every: 5_000, make: killing('daemon') },
  { every: 6_000, make: killing('keeper') },
  { every: 700, make: killing('probe') },
  { every: 1_000, make: killing('command') },
  { every: 12_000, make: freezing('daemon', 4_000) },
  { every: 12_000, make: freezing('keeper', 1_500) },
  { every: 3_000, make: freezing('probe', 2_000) },
  { every: 1_500, make: (random, at) => [edit(random, at)] },
  // A file that changes ten times a second.
  { every: 20_000, make: (random, at) => series(30, 100).map((after) => edit(random, at + after)) },
  { every: 10_000, make: (random, at) => [spoil(random, at), edit(random, at + random.between(100, 3_000))] },
  { every: 4_000, make: (random, at) => [{ at, do: 'reload', times: random.between(1, 2) }] },
  { every: 6_000, make: (random, at) => [{ at, do: 'restart', jail: anyJail(random) }] },
  {
    every: 12_000,
    make: (random, at) => [{ at, do: 'stop', jail: anyJail(random), ms: random.between(500, 4_000) }],
  },
  { every: 25_000, make: churn },
  { every: 15_000, make: (random, at) => [{ at, do: 'fill', ms: random.between(500, 5_000) }] },
  { every: 3_000, make: attach },
  { every: 5_000, make: swap },
  { every: 12_000, make: ambush },
  { every: 15_000, make: (random, at) => [{ at, do: 'upgrade', keeper: random.chance(0.6) }] },
];

const series = (count: number, apart: number): number[] => Array.from({ length: count }, (_, i) => i * apart);
const anyJail = (random: Random): number => random.between(0, JAILS - 1);
const anyNumber = (random: Random): string => String(random.between(0, PROBES_EACH - 1)).padStart(2, '0');
const anySlot = (random: Random): string => slotOf(anyJail(random), anyNumber(random));

function someProbes(random: Random, count: number): { jail: number; slots: string[] } {
  const jail = anyJail(random);
  return { jail, slots: Array.from({ length: count }, () => slotOf(jail, anyNumber(random))) };
}

function killing(whom: Victim) {
  return (random: Random, at: number): Action[] => [{ at, do: 'kill', whom, pick: random.fraction() }];
}

function freezing(whom: 'daemon' | 'keeper' | 'probe', longest: number) {
  return (random: Random, at: number): Action[] => [
    { at, do: 'freeze', whom, pick: random.fraction(), ms: random.between(100, longest) },
  ];
}

function edit(random: Random, at: number): Action {
  const changes = Array.from({ length: random.between(1, 4) }, () => oneChange(random));
  return { at, do: 'edit', changes };
}

function oneChange(random: Random): Changes[number] {
  const slot = anySlot(random);
  switch (random.pick(['command', 'title', 'uid', 'presence'] as const)) {
    case 'command':
      return { slot, change: 'command', ...newCommand(random) };
    case 'title':
      return { slot, change: 'title' };
    case 'uid':
      return { slot, change: 'uid', uid: random.pick([0, 80, 81]) };
    case 'presence':
      return { slot, change: 'presence' };
  }
}

function spoil(random: Random, at: number): Action {
  return { at, do: 'spoil', how: random.pick(['cut', 'key', 'type', 'empty']) };
}

/**
 * Probes get new titles while they are asked for; with the keeper in slow motion the new process is there for a while, and
 * the old one not yet retired, so that both hear it.
 */
function swap(random: Random, at: number): Action[] {
  const { jail, slots } = someProbes(random, 8);
  const changes = slots.map((slot) => ({ slot, change: 'title' }) as const);
  const presses = series(80, 25).map((after): Action => ({ at: at + after, do: 'press', jail, slots }));
  const slow: Action[] = random.chance(0.7) ? [{ at, do: 'slow', ms: 2_000 }] : [];
  return [{ at, do: 'edit', changes }, ...slow, ...presses];
}

/** The keeper is killed just when it has most to do; and while its commands run on, their probes are asked for again. */
function ambush(random: Random, at: number): Action[] {
  const jail = anyJail(random);
  const pressBoth = (at: number): Action[] =>
    [jail, (jail + 1) % JAILS].map((jail) => ({ at, do: 'press-all', jail }));
  const kill: Action = { at: at + random.between(0, 80), do: 'kill', whom: 'keeper', pick: 0 };
  return [...pressBoth(at), kill, ...[400, 800, 1_300, 2_000].flatMap((after) => pressBoth(at + after))];
}

/** A jail that restarts every second. */
function churn(random: Random, at: number): Action[] {
  const jail = anyJail(random);
  return series(6, 1_000).map((after) => ({ at: at + after, do: 'restart', jail }));
}

function attach(random: Random, at: number): Action[] {
  const respawn = random.pick(['never', 'after', 'immediately'] as const);
  const jail = anyJail(random);
  const hold = random.between(0, 300);
  // It is asked for soon.
  const press = series(3, random.between(300, 900)).map((after): Action => ({
    at: at + 500 + after,
    do: 'press',
    jail,
    slots: [String(at)],
  }));
  return [{ at, do: 'attach', slot: String(at), jail, respawn, hold }, ...press];
}

/** Ad hoc probes get slots of their own, in the order in which they come: `2.a00`, `4.a01`, … */
function numberAttached(actions: readonly Action[]): Action[] {
  const slots = new Map<string, string>();
  return actions.map((action) => {
    if (action.do === 'attach') {
      const slot = slotOf(action.jail, `a${slots.size.toString(36).padStart(2, '0')}`);
      slots.set(action.slot, slot);
      return { ...action, slot };
    }
    if (action.do !== 'press') return action;
    return { ...action, slots: action.slots.map((slot) => slots.get(slot) ?? slot) };
  });
}
