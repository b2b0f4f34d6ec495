import { execFile } from 'node:child_process';

/** A list of ten thousand jails with their addresses has a few MiB. */
const LONGEST = 64 * 1024 * 1024;
/** The system's own listings take milliseconds; one that takes so long, ms, hangs. */
const PATIENCE = 5_000;

/**
 * Runs a program of the system, found by its absolute path and never through a shell, and gives what it printed.
 *
 * @throws Error in one sentence: it is not there, it failed (with its own first line), it hangs, it prints too much
 */
export function runProgram(
  path: string,
  args: readonly string[],
  patience: number = PATIENCE,
): Promise<Buffer> {
  const env = { PATH: '/bin:/sbin:/usr/bin:/usr/sbin', LC_ALL: 'C', TZ: 'UTC0' };
  const options = {
    env,
    cwd: '/',
    timeout: patience,
    killSignal: 'SIGKILL',
    maxBuffer: LONGEST,
    encoding: 'buffer',
  } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${path} ${failure(error, stderr)}`));
    });
    child.stdin?.destroy();

    function failure(error: Error & { code?: unknown }, stderr: Buffer): string {
      if (error.code === 'ENOENT') return 'does not exist';
      if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `prints more than ${LONGEST} bytes`;
      if (typeof error.code === 'string') return `cannot be run: ${error.code}`;
      const said =
        stderr
          .toString('latin1', 0, 200)
          .split('\n')[0]
          ?.replaceAll(/[^ -~]/g, '?') ?? '';
      if (child.signalCode === 'SIGKILL' && said === '')
        return `was ended: it had not answered within ${patience / 1000} s`;
      const how = child.exitCode === null ? `was ended by ${child.signalCode}` : `failed (${child.exitCode})`;
      return said === '' ? how : `${how}: ${said}`;
    }
  });
}
