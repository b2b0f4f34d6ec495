import type { Precious } from '../../config/enclosed.ts';
import type { Journal } from '../../history/journal.ts';
import type { Outputs } from '../../history/outputs.ts';
import type { Ending } from '../ending.ts';
import type { Feed } from '../feed.ts';
import type { Keepers } from '../keepers/keepers.ts';
import type { Looker } from '../looker.ts';
import type { Loop } from '../loop.ts';
import type { DaemonOptions } from '../options.ts';
import type { Reloader } from '../reloader.ts';
import type { StateFile } from '../state-file.ts';

/** All that requests may use. */
export interface Services {
  readonly loop: Loop;
  readonly reloader: Reloader;
  readonly looker: Looker;
  readonly journal: Journal;
  readonly outputs: Outputs;
  readonly feed: Feed;
  readonly state: StateFile;
  readonly config: string;
  /** The daemon's own files, which must not lie in a jail. */
  readonly own: readonly Precious[];
  readonly version: string;
  readonly startedAt: number;
  readonly keepers: Keepers;
  readonly ending: Ending;
  /** How this daemon was started. */
  readonly options: DaemonOptions;
}
