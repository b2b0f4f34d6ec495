import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute, must } from '../execute.ts';
import { INIT, inPlace, jailByPidfile, type Kind, type Life } from '../jail.ts';
import { missing } from '../proc.ts';
import { rootfs, ROOTFS_TOOLS } from '../rootfs.ts';
import type { Teller } from '../story.ts';
import { RANGE_START } from './range.ts';

/** The parts of an OCI bundle's config.json that are ours to say. */
interface Spec {
  hostname: string;
  process: { terminal: boolean; args: string[] };
  root: { path: string; readonly: boolean };
  linux: { namespaces: { type: string }[]; uidMappings?: unknown; gidMappings?: unknown };
}

export const runc: Kind = {
  name: 'runc',
  users: true,
  ends: true,
  available: () => missing('runc', 'nsenter', ...ROOTFS_TOOLS),
  start: (t, name) => start(t, name, 0),
};

export const runcUser: Kind = {
  name: 'runc, user namespace',
  users: true,
  ends: true,
  available: () => missing('runc', 'nsenter', ...ROOTFS_TOOLS),
  start: (t, name) => start(t, name, RANGE_START),
};

async function start(t: Teller, name: string, owner: number): ReturnType<Kind['start']> {
  const root = await rootfs(t, name, owner);
  const bundle = join(t.dir, `${name}.bundle`);
  await mkdir(bundle);
  await must('runc', ['spec'], { cwd: bundle });
  const file = join(bundle, 'config.json');
  const spec = JSON.parse(await readFile(file, 'utf8')) as Spec;
  spec.hostname = name;
  spec.process = { ...spec.process, terminal: false, args: ['/bin/sh', '-c', INIT] };
  spec.root = { path: root, readonly: false };
  if (owner !== 0) {
    spec.linux.namespaces.push({ type: 'user' });
    const map = [{ containerID: 0, hostID: owner, size: 65536 }];
    Object.assign(spec.linux, { uidMappings: map, gidMappings: map });
  }
  await writeFile(file, JSON.stringify(spec));
  return jailByPidfile(t, name, () => life(t, bundle, t.unique(name)));
}

async function life(t: Teller, bundle: string, id: string): Promise<Life> {
  const pidfile = join(bundle, 'pid');
  // Its own folder for states: the containers of this machine are none of ours.
  const state = ['--root', join(t.dir, 'runc')];
  const end = async (): Promise<void> => {
    await execute('runc', [...state, 'kill', id, 'TERM']);
    // It does not wait for the end of the process, and it must not: `delete` takes away what is left.
    await must('runc', [...state, 'delete', '-f', id]);
  };
  // The container holds on to what runc's output is: a pipe of ours would never come to its end.
  const line = `exec runc "$@" </dev/null >"$0" 2>&1`;
  const log = join(bundle, 'log');
  const args = [...state, 'run', '-d', '--pid-file', pidfile, '--bundle', bundle, id];
  const { code } = await execute('sh', ['-c', line, log, ...args]);
  if (code !== 0) throw new Error(`runc run: exit ${code}\n${await readFile(log, 'utf8')}`);
  const pid = Number(await readFile(pidfile, 'utf8'));
  await inPlace(pid);
  return { pid, end };
}
