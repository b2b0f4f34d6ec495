import type { ListedRecord } from './messages.ts';
import type { Order } from './orders.ts';

/*
 * Keepers of version 1. They refuse a hello of any other version, and have neither `drain` nor `removed`. A daemon of
 * today replaces them like any other; all that it must know of them is here.
 */

/** The version to say hello with instead, if that is why the hello was refused. */
export function versionAfterRefusal(why: string): number | undefined {
  const version = /^this keeper speaks version (\d{1,4})$/.exec(why)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** Its markers are `PID BOOTTIME-MS KEY`, where later ones name the instance first. That has no slash, and a key has one. */
export function readOldMarker(
  target: string,
): readonly [pid: string, bootTime: string, id: string] | undefined {
  const [, pid, bootTime, id] = /^(\d+) (\d+) ([^ ]*\/.*)$/s.exec(target) ?? [];
  return pid === undefined || bootTime === undefined || id === undefined ? undefined : [pid, bootTime, id];
}

/** How a keeper is brought to its end when its probes are disarmed one by one. */
export interface Departure {
  /** What it has told on being asked for its list. */
  listed(records: readonly ListedRecord[]): void;
  /** It is gone, or the daemon ends. */
  stop(): void;
}

/** The shortest and the longest wait between two looks at its list, ms. */
const SOON = 5;
const LONGEST = 1_000;

/**
 * Such a keeper does not say when a record has gone, so it is asked for its list until nothing is left in it: soon
 * after something changed, else less and less often. Then it is told to end.
 */
export function departFromVersion1(send: (order: Order) => void): Departure {
  let wait = SOON;
  let left = -1;
  let timer: NodeJS.Timeout | undefined;
  send({ verb: 'list' });
  return {
    listed(records) {
      const busy = records.filter(({ state, runs }) => !['idle', 'spent'].includes(state) || runs.length > 0);
      if (busy.length === 0) {
        send({ verb: 'quit', grace: 0 });
        return;
      }
      wait = busy.length === left ? Math.min(wait * 2, LONGEST) : SOON;
      left = busy.length;
      timer = setTimeout(() => send({ verb: 'list' }), wait);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
