import type { Settings } from '../config/config.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { openJournal, type Journal } from '../history/journal.ts';
import type { Bounds } from '../history/shorten.ts';
import { openOutputs, type Outputs } from '../history/outputs.ts';
import type { Line } from '../history/entry.ts';
import { openMarkers, type Markers } from '../keeper/markers.ts';
import type { Observed } from '../plan/observed.ts';
import { reasonOf } from '../reason.ts';
import { createFeed, type Feed } from './feed.ts';
import type { Standing } from './reloader.ts';
import { factsOf } from './facts.ts';
import type { StateFile } from './state-file.ts';
import { createTroubles } from './troubles.ts';
import { createWritten, type Written } from './written.ts';

/** What the daemon has on disk. A failure there is said, and ends nothing: probes are armed, and the disk may get room. */
export interface Disk {
  readonly state: StateFile;
  readonly journal: Journal;
  readonly outputs: Outputs;
  readonly feed: Feed;
  readonly markers: Markers;
  readonly written: Written;
  /** Puts lines into the history, and tells who follows. @throws when the disk is full */
  record(lines: readonly Line[]): void;
  /** Facts that must outlive the daemon. @returns whether they are on disk now */
  save(observed: Observed): boolean;
  /** The configuration that holds. */
  remember(standing: Standing): void;
  /** From now on no more is kept than this. */
  bound(settings: Settings): void;
}

/** @param say told once of each failure, until it is another or has passed */
export function openDisk(
  directory: string,
  state: StateFile,
  { history, output }: Settings,
  say: (what: string, why: string) => void,
): Disk {
  const journal = openHistory(directory, history);
  const outputs = openOutputs(directory, output.total);
  const feed = createFeed();
  const markers = openMarkers(directory);
  const troubles = createTroubles(say);

  function attempt(what: string, write: () => void): boolean {
    try {
      write();
      troubles.hasNot(what);
      return true;
    } catch (error) {
      troubles.has(what, reasonOf(error));
      return false;
    }
  }

  const unpruned = (error: unknown): void => say('old outputs cannot be removed', reasonOf(error));

  return {
    state,
    journal,
    outputs,
    feed,
    markers,
    written: createWritten(() => markers.runs()),
    record(lines) {
      journal.append(lines);
      feed.publish(lines);
      outputs.ended(lines.filter((line) => line.t === 'ended').length).catch(unpruned);
    },
    save: (observed) => attempt('the state cannot be written', () => state.save(factsOf(observed))),
    remember({ config, generation, digest }) {
      attempt('the configuration cannot be remembered', () => {
        state.writeConfig(config);
        state.save({ generation, digest });
      });
    },
    bound(settings) {
      journal
        .setBounds(settings.history)
        .catch((error) => say('the history cannot be shortened', reasonOf(error)));
      outputs.setTotal(settings.output.total);
      outputs.prune().catch(unpruned);
    },
  };
}

function openHistory(directory: string, bounds: Bounds): Journal {
  try {
    return openJournal(directory, bounds);
  } catch (error) {
    throw new Complaint(
      EXIT.failed,
      `the history cannot be opened: ${reasonOf(error)}`,
      'look what lies there in its place, and move it away',
    );
  }
}
