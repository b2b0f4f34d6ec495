import { broken, resting, sound, type Broken, type Sound } from './form.ts';

/** How much may be under way, in the larger forms: one turn's orders of two probes, or of one; two words. */
const NEAR = 'WORDS=2 ORDERS=3 ONE_WORD_A_TURN';
const NEARER = 'WORDS=2 ORDERS=2';

const SAFE = [
  ['two jails, two probes, two HUPs, two faults', `PROBES=2 JAILS=2 HUPS=2 FAULTS=2 ${NEAR}`],
  ['one jail, two probes, one command at once', `PROBES=2 HUPS=2 FAULTS=1 BUDGET=1 ${NEAR}`],
  ['one jail, two probes, other deaths', `PROBES=2 HUPS=1 KILLS=1 FAULTS=1 ${NEAR}`],
  ['never: two faults', 'MODE0=NEVER HUPS=2 FAULTS=2'],
  ['after: two faults', 'MODE0=AFTER HUPS=2 FAULTS=2'],
  ['immediately: two faults', 'MODE0=IMMEDIATELY HUPS=2 FAULTS=2'],
  ['after: only the daemon dies, three times', 'MODE0=AFTER HUPS=2 FAULTS=3 KEEPER_LIVES'],
  ['never: the jail restarts, a fault', `MODE0=NEVER HUPS=1 STOPS=1 FAULTS=1 ${NEARER}`],
  ['after: the jail restarts', `MODE0=AFTER HUPS=1 STOPS=1 FAULTS=0 ${NEARER}`],
  ['never: two reloads, a fault', 'MODE0=NEVER HUPS=1 RELOADS=2 FAULTS=1'],
  ['after: two reloads', 'MODE0=AFTER HUPS=1 RELOADS=2 FAULTS=0'],
  ['immediately: two reloads', 'MODE0=IMMEDIATELY HUPS=1 RELOADS=2 FAULTS=0'],
  ['after: a reload, two faults', 'MODE0=AFTER HUPS=1 RELOADS=1 FAULTS=2'],
  ['after: an operator, other deaths, a fault', 'MODE0=AFTER HUPS=1 FIRES=1 KILLS=1 FAULTS=1'],
] as const;

const LIVE = [
  ['never, two faults', 'MODE0=NEVER HUPS=1 FAULTS=2'],
  ['after, two faults', 'MODE0=AFTER HUPS=2 FAULTS=2'],
  ['immediately, a reload, a fault', 'MODE0=IMMEDIATELY HUPS=1 RELOADS=1 FAULTS=1'],
  ['never, the jail restarts', 'MODE0=NEVER HUPS=1 STOPS=1 FAULTS=0'],
] as const;

const WRONG = [
  ['nothing is acknowledged', 'all acknowledged', 'NO_ACKNOWLEDGEMENT HUPS=1 FAULTS=0'],
  ['events are not kept', 'all in the history, once', 'EVENTS_ARE_NOT_KEPT HUPS=1 FAULTS=1'],
  ['acknowledged before it is on disk', 'all in the history, once', 'ACKNOWLEDGED_FIRST HUPS=1 FAULTS=1'],
  ['told again is written again', 'all in the history, once', 'HISTORY_BY_LINE HUPS=1 FAULTS=1'],
  ['armed again before the command has ended', 'no overlap', 'REARM_BEFORE_EXIT HUPS=2 FAULTS=0'],
  ['run on any death', 'exactly one command', 'RUN_ON_ANY_DEATH HUPS=1 KILLS=1 FAULTS=0'],
  ['two processes are two triggers', 'exactly one command', 'NO_FOLD HUPS=1 RELOADS=1 FAULTS=0'],
  ['probes outlive their keeper', 'no probe without a keeper', 'NO_PARENT_DEATH_SIGNAL HUPS=1 FAULTS=1'],
  ['no marker', 'no overlap', 'NO_MARKER HUPS=2 FAULTS=1'],
  ['run although the marker was too late', 'no overlap', 'LATE_MARKER HUPS=2 FAULTS=1'],
  ['the marker goes with its command', 'all in the history, once', 'MARKER_GOES_WITH_RUN HUPS=1 FAULTS=2'],
  ['the marker goes before it is on disk', 'all in the history, once', 'MARKER_GOES_FIRST HUPS=1 FAULTS=2'],
  ['spent is not remembered', 'spent is spent', 'MODE0=NEVER SPENT_IS_NOT_SAVED HUPS=2 FAULTS=2'],
  [
    'armed by an order that crossed',
    'spent is spent',
    'MODE0=NEVER ARMED_WHATEVER_CAME HUPS=1 RELOADS=1 FAULTS=0',
  ],
  ['dropped before it is known', 'spent is spent', 'MODE0=NEVER DROPPED_EARLY HUPS=1 RELOADS=2 FAULTS=0'],
  [
    'spent in every instance',
    'as the file asks',
    'MODE0=NEVER SPENT_FOR_EVER HUPS=1 STOPS=1 FAULTS=1 WORDS=2 ORDERS=2',
  ],
  ['hello without list', 'as the file asks', 'NO_LIST HUPS=1 RELOADS=1 FAULTS=1'],
  [
    'events between two records',
    'as the file asks',
    'EVENTS_BETWEEN_RECORDS PROBES=2 HUPS=1 KILLS=1 FAULTS=1',
  ],
  ['an update is forgotten', 'as the file asks', 'UPDATE_IS_FORGOTTEN HUPS=1 RELOADS=2 FAULTS=0'],
  ['removed is no news', 'as the file asks', 'REMOVED_IS_NO_NEWS HUPS=1 RELOADS=2 FAULTS=0'],
  ['gone is no news', 'comes to rest', 'GONE_IS_NO_NEWS HUPS=1 STOPS=1 FAULTS=0'],
] as const;

export const KEEPER_SOUND: readonly Sound[] = [
  ...SAFE.map(([name, defines]) => sound('keeper', name, defines)),
  ...LIVE.map(([name, defines]) => resting('keeper', name, defines)),
];

/** Of `after`, if nothing else is said. */
export const KEEPER_BROKEN: readonly Broken[] = WRONG.map(([name, breaks, defines]) =>
  broken('keeper', name, breaks, defines.includes('MODE0') ? defines : `MODE0=AFTER ${defines}`),
);
