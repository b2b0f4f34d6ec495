import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fields } from '../../src/keeper/frame.ts';
import { byPid, definition, keeper, type Keeper } from '../keeper/rig.ts';
import { keeperOfVersion } from '../keeper/versions.ts';
import type { RunningJail } from '../rig/jail.ts';
import { startOf } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';

/** Where the story's daemon will have its state. */
export function stateOf(t: Teller): string {
  return join(t.dir, 'host', 's');
}

/** Starts a keeper of this version where the story's daemon will look for it. */
export async function earlierKeeper(t: Teller, version: number): Promise<Keeper> {
  await mkdir(join(t.dir, 'host'), { mode: 0o700, recursive: true });
  return keeper(t, { program: await keeperOfVersion(version), state: stateOf(t), version });
}

/** A probe as a daemon would have armed it in the jail's present life. */
export async function probeFor(
  jail: RunningJail,
  title: string,
  command: string,
  more: Fields = {},
): Promise<Fields> {
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).slice(0, 8);
  const instance = `${boot}:${jail.pid}:${startOf(jail.pid)}`;
  const arg = ['/bin/sh', '-c', command];
  return definition(`web/${title}`, title, byPid(jail.pid), { instance, arg, ...more });
}
