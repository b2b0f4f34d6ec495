import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { execute, must, type ExecuteOptions, type Outcome } from '../rig/execute.ts';
import { PROGRAM } from '../rig/daemon.ts';
import { missing } from '../rig/proc.ts';
import { rootfs, ROOTFS_TOOLS } from '../rig/rootfs.ts';
import { story, type Teller } from '../rig/story.ts';

const NATIVE = join(import.meta.dirname, '../../src/keeper/native/chroot');

/** Why the stories of chroot(2) cannot be told here. */
export const unless = missing('bash', 'chroot', 'unshare', 'setpriv', 'cc', ...ROOTFS_TOOLS);

export interface Tell {
  (
    name: string,
    tell: (t: Teller) => Promise<void>,
    options?: { unless?: string | undefined; seconds?: number },
  ): void;
}

/** A suite of stories that need root and a few tools. */
export function stories(name: string): { tell: Tell; run: () => void } {
  const test = suite(`chroot: ${name}`);
  return {
    tell: (title, tell, options = {}) => story(test, title, { unless, ...options }, tell),
    run: () => test.run(),
  };
}

/** `jaildaemon chroot` with these words, after `before`, which changes who runs it. */
export function chroot(
  args: readonly string[],
  { before = [], ...options }: ExecuteOptions & { before?: readonly string[] } = {},
): Promise<Outcome> {
  const [file = '', ...rest] = [...before, process.execPath, PROGRAM, 'chroot', ...args];
  return execute(file, rest, options);
}

/** Words before a command: a shell opens these descriptors for it, as `7</tmp`. */
export function opening(...redirections: readonly string[]): string[] {
  return ['sh', '-c', `exec "$@" ${redirections.join(' ')}`, 'sh'];
}

/**
 * Words before a command: it runs in a PID namespace of its own with a /proc to match. There the root of process 1 can
 * be seen; on hosts that are containers themselves it cannot.
 */
export const seeingProcess1 = [
  'unshare',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  'sh',
  '-c',
  '"$@"; exit',
  'sh',
];

/** Words before a command: as `seeingProcess1`, and under a chroot already, which shows all that the host has. */
export async function underChroot(t: Teller): Promise<string[]> {
  const folder = join(t.dir, 'everything');
  await mkdir(folder);
  const script = 'mount --rbind / "$0" && chroot "$0" "$@"; exit';
  return [
    'unshare',
    '--pid',
    '--mount',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-c',
    script,
    folder,
  ];
}

/** A root directory with a shell in it. */
export const root = (t: Teller, name = 'root'): Promise<string> => rootfs(t, name);

/** Builds one of the programs beside this file, with what it tests of ours (words with a dash: flags). @returns where it is */
export async function built(t: Teller, name: string, ...ours: readonly string[]): Promise<string> {
  const program = join(t.dir, name);
  const source = join(import.meta.dirname, 'native', `${name}.c`);
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-static', '-o', program];
  await must('cc', [
    ...flags,
    source,
    ...ours.map((word) => (word.startsWith('-') ? word : join(NATIVE, word))),
  ]);
  return program;
}

/** What makes up the primitive. */
export const PRIMITIVE = [
  'change_root.c',
  'error_name.c',
  'explain.c',
  'open_directory.c',
  'root_path.c',
  'say.c',
];
