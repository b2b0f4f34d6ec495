import { existsSync } from 'node:fs';
import type { LoadResult, Loader } from '../config/load.ts';
import { resolveSettings } from '../config/resolve.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import type { Event } from '../event.ts';
import { anyKeeperLives } from '../keeper/start.ts';
import type { DaemonOptions } from './options.ts';
import type { Standing } from './reloader.ts';
import type { StateFile } from './state-file.ts';

/** What a starting daemon goes by. */
export interface First {
  readonly standing: Standing;
  readonly involved: readonly string[];
  readonly events: readonly Event[];
}

/**
 * The configuration of a daemon that starts. A crash plus a typo must not cost the probes: with a living keeper, a
 * broken file leaves the last good one in force; without, it is exit 78.
 *
 * @throws Complaint (config) that carries the diagnostics
 */
export async function firstStanding(
  options: DaemonOptions,
  loader: Loader,
  state: StateFile,
): Promise<First> {
  const { facts } = state;
  const at = Date.now();
  const file = options.config;
  const result: LoadResult = await loader.load();
  if (result.ok) {
    // The same files are the same generation: a restart is no change.
    const generation = result.digest === facts.digest ? facts.generation : facts.generation + 1;
    return {
      standing: {
        config: result.config,
        generation,
        digest: result.digest,
        loadedAt: at,
        warnings: result.warnings,
      },
      involved: result.involved,
      events: [{ type: 'configured', at, generation, file }],
    };
  }
  const last = (await anyKeeperLives(options.state)) ? state.readConfig() : undefined;
  // A default file that is not there declares nothing; but one that a living keeper's probes came from is missing.
  if (!options.configNamed && !existsSync(file) && !last?.jails.length) {
    return {
      standing: {
        config: { settings: resolveSettings({}), jails: [] },
        generation: facts.generation,
        digest: '',
        loadedAt: at,
        warnings: [],
      },
      involved: result.involved,
      events: [
        {
          type: 'daemon',
          at,
          level: 'warn',
          what: `${file} does not exist: no probe is declared until it does`,
        },
      ],
    };
  }
  if (!last) throw new ConfigComplaint(file, result);
  return {
    standing: {
      config: last,
      generation: facts.generation,
      digest: facts.digest,
      loadedAt: at,
      error: { at, diagnostics: result.diagnostics },
      warnings: [],
    },
    involved: result.involved,
    events: [{ type: 'misconfigured', at, file, diagnostics: result.diagnostics }],
  };
}

/** A file that cannot be started with; the command line prints its diagnostics. */
export class ConfigComplaint extends Complaint {
  readonly result: LoadResult & { ok: false };

  constructor(file: string, result: LoadResult & { ok: false }) {
    super(
      EXIT.config,
      `${file} has errors, and no keeper is there to go on with what held before`,
      'mend it and start again; "jaildaemon check" tells when it is right',
    );
    this.result = result;
  }
}
