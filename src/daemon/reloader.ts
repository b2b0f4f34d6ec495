import type { Config } from '../config/config.ts';
import type { Diagnostic } from '../config/diagnostic.ts';
import type { LoadResult } from '../config/load.ts';
import type { Event } from '../event.ts';
import type { Change } from '../plan/plan.ts';
import { displaced } from './displaced.ts';
import type { Looker } from './looker.ts';
import type { Loop } from './loop.ts';
import { whereaboutsOf, wishFor } from './wish.ts';

/** The configuration that holds, and what became of the last attempt to change it. */
export interface Standing {
  readonly config: Config;
  readonly generation: number;
  readonly digest: string;
  readonly loadedAt: number;
  /** Since when, and by what, the file is in error; the generation above stays. */
  readonly error?: { readonly at: number; readonly diagnostics: readonly Diagnostic[] };
  readonly warnings: readonly Diagnostic[];
}

/** What a reload did. */
export interface Reloaded {
  readonly ok: boolean;
  /** The daemon had taken it over by itself before, ms since 1970. */
  readonly since?: number;
  readonly generation: number;
  readonly changes: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What the one reload path needs. */
export interface ReloadParts {
  readonly file: string;
  readonly load: () => Promise<LoadResult>;
  readonly loop: Loop;
  readonly looker: Looker;
  /** A generation holds now: remember it, and tell everybody with settings of their own. */
  readonly adopted: (standing: Standing, changes: readonly Change[]) => void;
  /** These are to be watched for changes from now on. */
  readonly involves: (paths: readonly string[]) => void;
}

/**
 * The one path on which a configuration comes in: by request, by SIGHUP, and by a change of the files.
 *
 * One load at a time. Who asks while one is under way gets the outcome of the next, since the file may have been
 * written after the present one read it.
 */
export interface Reloader {
  readonly standing: Standing;
  /**
   * @param asked by somebody who reads the answer: also what the daemon took over by itself since the last such answer,
   * so that "save, then reload" tells what the save changed
   */
  reload(asked: boolean): Promise<Reloaded>;
}

/** @param first what holds at the start: it has been loaded already */
export function createReloader(parts: ReloadParts, first: Standing): Reloader {
  let standing = first;
  let present: Promise<Reloaded> | undefined;
  let next: Promise<Reloaded> | undefined;
  /** What the present generation changed, as long as nobody has been told. */
  let untold: readonly Change[] | undefined;

  async function reloadNow(): Promise<Reloaded> {
    const result = await parts.load();
    parts.involves(result.involved);
    const at = Date.now();
    const { file } = parts;
    if (!result.ok) {
      untold = undefined;
      standing = { ...standing, error: { at, diagnostics: result.diagnostics } };
      parts.loop.post({ type: 'misconfigured', at, file, diagnostics: result.diagnostics });
      return { ok: false, generation: standing.generation, changes: [], diagnostics: result.diagnostics };
    }
    if (result.digest === standing.digest) {
      const { error, ...healed } = standing;
      standing = { ...healed, warnings: result.warnings };
      const { generation, loadedAt } = standing;
      const { loop } = parts;
      const sightings = await parts.looker.survey(whereaboutsOf(loop.wish, loop.observed));
      const events: Event[] = [
        { type: 'sighted', at, sightings },
        { type: 'unchanged', at, generation, file, ...(error && { healed: true as const }) },
      ];
      const changes = untold ?? loop.rehearse(loop.wish, events);
      await loop.adopt(loop.wish, events);
      return {
        ok: true,
        generation,
        ...(untold && { since: loadedAt }),
        changes,
        diagnostics: result.warnings,
      };
    }
    const wish = wishFor(result.config);
    const sightings = await parts.looker.survey(whereaboutsOf(wish, parts.loop.observed));
    standing = {
      config: result.config,
      generation: standing.generation + 1,
      digest: result.digest,
      loadedAt: at,
      warnings: result.warnings,
    };
    const events: Event[] = [
      ...(sightings.length > 0 ? [{ type: 'sighted', at, sightings } as const] : []),
      ...displaced(wish, parts.loop.observed, at),
      { type: 'configured', at, generation: standing.generation, file },
    ];
    const changes = await parts.loop.adopt(wish, events);
    untold = changes;
    parts.adopted(standing, changes);
    return { ok: true, generation: standing.generation, changes, diagnostics: result.warnings };
  }

  function start(): Promise<Reloaded> {
    const started = reloadNow().finally(() => {
      if (present === started) present = undefined;
    });
    return (present = started);
  }

  function join(): Promise<Reloaded> {
    if (!present) return start();
    return (next ??= present
      .catch(() => {}) // told to those who asked for it
      .then(() => {
        next = undefined;
        return start();
      }));
  }

  return {
    get standing() {
      return standing;
    },
    async reload(asked) {
      const reloaded = await join();
      if (asked && reloaded.ok) untold = undefined;
      return reloaded;
    },
  };
}
