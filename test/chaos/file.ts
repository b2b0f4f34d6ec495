import { join } from 'node:path';
import { jailName, keyOf, titleOf, type Probe, type Probes, type Respawn } from './probes.ts';

/** Where commands write, and what they are. */
export interface Paths {
  readonly prefix: string;
  readonly errand: string;
  readonly ledger: string;
  /** One file for each probe whose commands must not overlap. */
  readonly locks: string;
}

/** Enough for all that a run of 20 minutes does: the audit wants every record. */
const HISTORY = { triggers: 2_000_000, bytes: '1GiB' };
/** Of the budget less than a whole jail asks for at once, so that some wait their turn. */
const BUDGET = 40;

/** The file that wants these probes. JSON is YAML. */
export function fileText(probes: Probes, pidfiles: readonly string[], paths: Paths): string {
  const jails = pidfiles.map((pid, jail) => {
    const own = [...probes.values()].filter((probe) => probe.jail === jail && probe.present);
    return [jailName(jail), { pid, probes: Object.fromEntries(own.map((probe) => entry(probe, paths))) }];
  });
  const settings = {
    rescan: '1s',
    grace: '3s',
    budget: BUDGET,
    history: HISTORY,
    output: { each: '1KiB', total: '256KiB' },
  };
  return JSON.stringify({ settings, jails: Object.fromEntries(jails) }, undefined, 1);
}

function entry(probe: Probe, paths: Paths): [string, object] {
  const { respawn, uid, keys, how } = probe;
  const words = errandOf(probe, paths);
  const command = how === 'list' ? words : `exec ${words.join(' ')}`;
  const title = titleOf(paths.prefix, probe);
  return [keyOf(probe), { title, command, respawn, uid, ...keys }];
}

/** The words of a probe's command. */
export function errandOf(
  {
    slot,
    respawn,
    hold,
    code,
    deaf,
  }: { slot: string; respawn: Respawn; hold: number; code: number; deaf: boolean },
  { errand, ledger, locks }: Paths,
): string[] {
  const lock = respawn === 'immediately' ? '-' : join(locks, slot);
  return [errand, ledger, lock, slot, String(hold), String(code), ...(deaf ? ['deaf'] : [])];
}

/** Broken in one of the ways in which people break files. */
export function spoiled(text: string, how: 'cut' | 'key' | 'type' | 'empty'): string {
  switch (how) {
    case 'cut':
      return text.slice(0, text.length / 2);
    case 'key':
      return text.replace('"respawn"', '"respwan"');
    case 'type':
      return text.replace(/"uid": \d+/, '"uid": "nobody knows"');
    case 'empty':
      return '';
  }
}
