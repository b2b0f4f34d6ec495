import { execFile } from 'node:child_process';
import type { HostUser } from './config.ts';
import { nearest } from './nearest.ts';

/** A user of this host, or what is said of a name that is none. */
export type Lookup = HostUser | { readonly unknown: true; readonly hint?: string };

/**
 * Looks names up as the system does, whatever its source of users is. Through getent(1) and id(1): Node has no call
 * for it, and the keeper is static C.
 */
export async function lookUp(names: Iterable<string>): Promise<ReadonlyMap<string, Lookup>> {
  const unique = [...new Set(names)];
  return new Map(await Promise.all(unique.map(async (name) => [name, await one(name)] as const)));
}

async function one(name: string): Promise<Lookup> {
  const [line, groups] = await Promise.all([run('getent', ['passwd', name]), run('id', ['-G', name])]);
  const [found, , uid, gid, , home, shell] = (line ?? '').trim().split(':');
  if (
    line === undefined ||
    groups === undefined ||
    found === undefined ||
    uid === undefined ||
    gid === undefined
  ) {
    const all = await run('getent', ['passwd']);
    const meant = nearest(
      name,
      (all ?? '').split('\n').flatMap((entry) => entry.split(':')[0] || []),
    );
    return { unknown: true, ...(meant && { hint: `did you mean ${JSON.stringify(meant)}?` }) };
  }
  return {
    name: found,
    uid: Number(uid),
    gid: Number(gid),
    groups: groups.trim().split(/\s+/).map(Number),
    home: home || '/',
    shell: shell || '/bin/sh',
  };
}

/** What a program prints; nothing if it fails. */
function run(program: string, args: readonly string[]): Promise<string | undefined> {
  const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' };
  return new Promise((resolve) => {
    const options = { env, timeout: 10_000, killSignal: 'SIGKILL', maxBuffer: 8 * 1024 * 1024 } as const;
    execFile(program, args, options, (error, stdout) => resolve(error === null ? stdout : undefined));
  });
}
