import type { ProbeConfig } from '../config/config.ts';

/** A probe that should be in a jail: from the file, or asked for by `-c`. */
export interface Wanted {
  readonly id: string;
  readonly probe: ProbeConfig;
  readonly adhoc: boolean;
  /** Why it cannot be there although it is wanted: another probe has its title. */
  readonly clash?: string;
}
