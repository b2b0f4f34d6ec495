import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { commandLineOf, isAlive, killExactly, startOf } from '../rig/proc.ts';
import { until } from '../rig/until.ts';

/**
 * Finds what a test file left behind (its folder's name is in it), takes it away, and says what it was. What is
 * ending by itself gets the time to.
 */
export async function clearLeftovers(folder: string): Promise<string[]> {
  await until(() => find(folder).length === 0, 'nothing is left', { seconds: 3 }).catch(() => undefined);
  const left = find(folder);
  for (const pid of processes(folder)) await killExactly(pid, startOf(pid)).catch(() => undefined);
  for (const point of mounts(folder).toReversed()) spawnSync('umount', ['--lazy', point]);
  if (mounts(folder).length === 0) rmSync(folder, { recursive: true, force: true });
  return left;
}

function find(folder: string): string[] {
  return [
    ...processes(folder).map((pid) => `process ${pid}: ${commandLineOf(pid).replaceAll('\0', ' ')}`),
    ...mounts(folder).map((point) => `mount ${point}`),
    ...readdirSync(folder)
      .filter((entry) => !entry.startsWith('tsx-')) // the loader's cache
      .map((entry) => `file ${folder}/${entry}`),
  ];
}

/** Processes that have the folder in their arguments or environment. */
function processes(folder: string): number[] {
  const needle = new RegExp(`${folder}(?![0-9])`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && isAlive(pid))
    .filter((pid) => needle.test(commandLineOf(pid)) || needle.test(environmentOf(pid)));
}

function mounts(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return ''; // it has ended, or is not ours to read
  }
}
