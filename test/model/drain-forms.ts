import { broken, resting, sound, type Broken, type Sound } from './form.ts';

const SAFE = [
  ['moving, never: two faults', 'MODE=NEVER HUPS=2 FAULTS=2'],
  ['moving, after: a fault', 'MODE=AFTER HUPS=2 FAULTS=1'],
  ['moving, after: two faults', 'MODE=AFTER HUPS=1 FAULTS=2'],
  ['moving, immediately: two faults', 'MODE=IMMEDIATELY HUPS=1 FAULTS=2'],
  ['moving, after: only the daemon dies, three times', 'MODE=AFTER HUPS=1 FAULTS=3 KEEPERS_LIVE'],
  ['moving, never: two reloads, a fault', 'MODE=NEVER HUPS=1 FAULTS=1 RELOADS=2'],
  ['moving, after: a reload, a fault', 'MODE=AFTER HUPS=1 FAULTS=1 RELOADS=1'],
  ['moving, never: the jail restarts', 'MODE=NEVER HUPS=1 FAULTS=0 STOPS=1'],
  ['moving, after: the jail restarts', 'MODE=AFTER HUPS=1 FAULTS=0 STOPS=1'],
  ['an operator replaces it, never: two faults', 'SAME_VERSION MODE=NEVER HUPS=2 FAULTS=2'],
  ['an operator replaces it, after: two faults', 'SAME_VERSION MODE=AFTER HUPS=1 FAULTS=2'],
  ['an operator replaces it: a connection is lost', 'SAME_VERSION MODE=AFTER HUPS=1 FAULTS=1 CUTS=1'],
] as const;

const LIVE = [
  ['moving, after: a fault', 'MODE=AFTER HUPS=1 FAULTS=1'],
  ['an operator replaces it, never: a fault', 'SAME_VERSION MODE=NEVER HUPS=1 FAULTS=1'],
] as const;

const WRONG = [
  ['armed before it is removed', 'never in two keepers', 'ARMED_BEFORE_REMOVED HUPS=1 FAULTS=0'],
  ['planned before all have listed', 'never in two keepers', 'BEFORE_ALL_HAVE_LISTED HUPS=1 FAULTS=0'],
  ['removed before it is reaped', 'no overlap', 'REMOVED_TOO_EARLY HUPS=2 FAULTS=0'],
  ['what is removed runs nothing', 'no overlap', 'REMOVED_ENDS_COMMANDS HUPS=2 FAULTS=0'],
  ['nobody looks for what a dead keeper left', 'no overlap', 'NO_ADOPTION HUPS=2 FAULTS=1'],
  ['spent here alone', 'spent is spent', 'MODE=NEVER SPENT_HERE_ALONE HUPS=2 FAULTS=0'],
  ['it ends before all is known', 'all in the history, once', 'ENDS_UNTOLD KEEPERS_LIVE HUPS=1 FAULTS=1'],
  ['it ends with a HUP that is not reaped', 'exactly one command', 'ENDS_UNREAPED HUPS=1 FAULTS=0'],
  [
    'counted by the last trigger of all',
    'all in the history, once',
    'COUNTED_BY_THE_LAST KEEPERS_LIVE HUPS=2 FAULTS=1',
  ],
  ['asked once, on whatever connection', 'the older keeper ends', 'ASKED_BEFORE HUPS=1 FAULTS=0 CUTS=1'],
  ['older for ever', 'the older keeper ends', 'SAME_VERSION STAYS_OLDER HUPS=1 FAULTS=1 CUTS=1'],
  [
    'one that leaves is chosen again',
    'as the file asks',
    'SAME_VERSION LEAVING_MAY_BE_CURRENT HUPS=1 FAULTS=1',
  ],
] as const;

export const DRAIN_SOUND: readonly Sound[] = [
  ...SAFE.map(([name, defines]) => sound('drain', name, defines)),
  ...LIVE.map(([name, defines]) => resting('drain', name, defines)),
];

/** Of `after`, if nothing else is said. */
export const DRAIN_BROKEN: readonly Broken[] = WRONG.map(([name, breaks, defines]) =>
  broken('drain', name, breaks, defines.includes('MODE=') ? defines : `MODE=AFTER ${defines}`),
);
