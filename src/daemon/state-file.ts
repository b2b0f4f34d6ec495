import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { reasonOf } from '../reason.ts';
import { asFacts, isObject, type Facts } from './facts.ts';

/**
 * `state.json` and `config.json` in the state directory. Both are written beside and then renamed, so that a reader
 * finds the old or the new one and never half of it. They are not synced: a machine that loses its power also loses the
 * instances that these facts are about. The last good configuration has a file of its own because it is
 * large and changes rarely, while a spent probe changes `state.json`.
 */
export interface StateFile {
  readonly facts: Facts;
  /** Writes what differs from what the file has. @throws the system's error */
  save(change: Partial<Facts>): void;
  /** The last good configuration. @throws Complaint when it is there but cannot be understood */
  readConfig(): Config | undefined;
  /** @throws the system's error */
  writeConfig(config: Config): void;
}

/** Reads what an earlier daemon left. @throws Complaint when the file is there but cannot be understood */
export function openStateFile(directory: string): StateFile {
  const path = join(directory, 'state.json');
  const configPath = join(directory, 'config.json');
  removeHalves(directory);
  let facts = factsIn(path);
  let written = JSON.stringify(facts);
  return {
    get facts() {
      return facts;
    },
    save(change) {
      facts = { ...facts, ...change };
      const text = JSON.stringify(facts);
      if (text === written && existsSync(path)) return;
      replaceFile(path, text);
      written = text;
    },
    readConfig: () => configIn(configPath),
    writeConfig: (config) => replaceFile(configPath, JSON.stringify(config)),
  };
}

/** What somebody loses who moves the file away. */
const WITHOUT_STATE = 'move it away to start without what it remembers: ad hoc probes, and what is spent';
const WITHOUT_CONFIG =
  'mend the configuration, and nobody needs it: "jaildaemon check" tells what is wrong there';

function readJson(path: string, hint: string): unknown {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there) return undefined;
  if (!there.isFile()) throw spoiled(path, 'it is no file', hint);
  const text = readFileSync(path, 'utf8');
  // Left by a power cut: the name had reached the disk, the contents had not.
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw spoiled(path, reasonOf(error), hint);
  }
}

function factsIn(path: string): Facts {
  const facts = asFacts(readJson(path, WITHOUT_STATE) ?? {});
  if (!facts) throw spoiled(path, NOT_OURS, WITHOUT_STATE);
  return facts;
}

function configIn(path: string): Config | undefined {
  const found = readJson(path, WITHOUT_CONFIG);
  if (found === undefined) return undefined;
  const { settings, jails } = (isObject(found) ? found : {}) as Partial<Config>;
  if (settings === undefined || !isObject(settings) || !Array.isArray(jails))
    throw spoiled(path, NOT_OURS, WITHOUT_CONFIG);
  return { settings, jails };
}

const NOT_OURS = 'it does not hold what a daemon wrote';

function spoiled(path: string, why: string, hint: string): Complaint {
  return new Complaint(EXIT.failed, `${path} is spoiled: ${why}`, hint);
}

/** What `replaceFile` had not yet renamed when its daemon was killed. */
function removeHalves(directory: string): void {
  for (const name of readdirSync(directory))
    if (/^(state|config)\.json\.[0-9a-f]{8}$/.test(name)) unlinkSync(join(directory, name));
}

function replaceFile(path: string, text: string): void {
  const beside = `${path}.${randomBytes(4).toString('hex')}`;
  const fd = openSync(
    beside,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    writeFileSync(fd, text);
    renameSync(beside, path);
  } catch (error) {
    unlinkSync(beside);
    throw error;
  } finally {
    closeSync(fd);
  }
}
