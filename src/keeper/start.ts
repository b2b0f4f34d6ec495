import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { basename, join } from 'node:path';
import { builtProgram, HOW_TO_BUILD } from './built.ts';

const PROGRAM = builtProgram('keeper');

/** How long a starting keeper may take until it listens, in ms. */
const START_LIMIT = 10_000;

/**
 * Starts a keeper in a session of its own, so that it outlives the daemon.
 *
 * @returns the path of its socket
 * @throws Error with what the keeper itself said on stderr
 */
export async function startKeeper(stateDirectory: string): Promise<string> {
  const child = spawn(PROGRAM, [stateDirectory], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const epoch = new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const ready = /^ready ([0-9a-f]{8})\n/.exec(out);
      if (ready?.[1]) resolve(ready[1]);
    });
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      reject(
        new Error(missing ? `${PROGRAM} does not exist; ${HOW_TO_BUILD}` : `${PROGRAM}: ${error.message}`),
      );
    });
    child.once('exit', (code, signal) => {
      void once(child, 'close').then(() =>
        reject(new Error(complaint.trim() || `the keeper ended at its start (${signal ?? `exit ${code}`})`)),
      );
    });
  });
  const late = AbortSignal.timeout(START_LIMIT);
  const tooLate = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () =>
      reject(new Error(`the keeper did not listen within ${START_LIMIT / 1000} s`)),
    );
  });
  try {
    return socketOf(stateDirectory, await Promise.race([epoch, ended, tooLate]));
  } catch (error) {
    // One that listens after all must not stay as a second one that nobody knows.
    child.kill('SIGKILL');
    throw error;
  } finally {
    child.removeAllListeners();
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
  }
}

/** `keeper.EPOCH.sock` */
const SOCKET = /^keeper\.([0-9a-f]{8})\.sock$/;

/** Where a keeper listens, as long as nobody has deleted the name. */
export function socketOf(stateDirectory: string, epoch: string): string {
  return join(stateDirectory, `keeper.${epoch}.sock`);
}

/** The sockets of keepers that may live. */
export async function findKeepers(stateDirectory: string): Promise<string[]> {
  const names = await readdir(stateDirectory);
  return names.filter((name) => SOCKET.test(name)).map((name) => join(stateDirectory, name));
}

/** Which keeper listens, or listened, at this socket. */
export function epochOfSocket(path: string): string {
  return SOCKET.exec(basename(path))?.[1] ?? '';
}

/** Whether somebody accepts behind one of the sockets: a name alone may be all that a killed keeper has left. */
export async function anyKeeperLives(stateDirectory: string): Promise<boolean> {
  for (const path of await findKeepers(stateDirectory)) {
    const socket = createConnection(path);
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      // refused, or gone meanwhile: that one is dead
    } finally {
      socket.destroy();
    }
  }
  return false;
}

/** Removes the socket of a keeper that is dead: connect(2) was refused. */
export async function removeStaleSocket(path: string): Promise<void> {
  await rm(path, { force: true });
}
