import { CommanderError } from 'commander';
import { Complaint, EXIT } from '../control/protocol.ts';
import type { Signals } from '../signals.ts';
import { dispatch } from './program.ts';
import { complaintText } from './render.ts';

/** Reads the command line, carries it out and sets the exit code. `inherited`: for `chroot`, and only for that. */
export async function run(
  argv: readonly string[],
  signals: Signals,
  inherited: readonly number[],
): Promise<void> {
  process.stdout.on('error', endWithoutReader);
  process.stderr.on('error', () => {}); // nobody is left to be told
  try {
    process.exitCode = await dispatch(argv, signals, inherited);
  } catch (error) {
    process.exitCode = complain(error);
  }
}

/** The reader has left (`| head`), which is its right; or there is no room where the output goes. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok);
  process.stderr.write(`jaildaemon: cannot write the output: ${error.code ?? error.message}\n`);
  process.exit(EXIT.failed);
}

/** Tells an error on stderr: what and why, and what to do next. @returns its exit code */
function complain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (!(error instanceof Complaint)) throw error;
  process.stderr.write(complaintText(error));
  return error.code;
}
