import type { Defaults, JailEntry, ProbeEntry, SettingsEntry } from './config-file.ts';
import type { Origin } from './config.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Budget } from './tree.ts';

/** A file that has been read. */
export interface Job {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
  /** Whether it is the main file: an included one may say less. */
  readonly main: boolean;
}

/**
 * One file as it stands, before defaults and other files are known: plain data, that may come from another thread.
 * Kept for as long as the file does not change.
 */
export interface Draft {
  readonly file: string;
  readonly digest: string;
  readonly problems: readonly Diagnostic[];
  /** Of the budget of all files. */
  readonly cost: Readonly<Budget>;
  readonly include: readonly string[];
  readonly defaults: Defaults;
  readonly settings: SettingsEntry;
  /** Without the keys in which something is wrong, so that the rest can be judged all the same. */
  readonly jails: readonly DraftJail[];
}

export interface DraftJail {
  readonly name: string;
  readonly origin: Origin;
  readonly entry: Omit<JailEntry, 'probes'>;
  readonly probes: readonly DraftProbe[];
}

export interface DraftProbe {
  readonly key: string;
  readonly origin: Origin;
  readonly entry: ProbeEntry;
}
