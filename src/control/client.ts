import { createConnection, type Socket } from 'node:net';
import { Complaint, EXIT, type Answer } from './protocol.ts';

/** How long a daemon may take until it has heard us, ms; its answer may take longer. */
const HEARD_WITHIN = 5_000;

/**
 * Asks the daemon and waits for its answer.
 *
 * @param row called for each row of the answer, in order
 * @param heardWithin ms until a daemon that has not said that it has heard us counts as stuck
 * @returns the answer's `done`
 * @throws Complaint: the daemon's own, 69 when none runs, 77 when the socket is not ours to open, 75 when it does not answer
 */
export async function ask<T>(
  socketPath: string,
  request: { readonly verb: string; readonly [name: string]: unknown },
  row: (row: never) => void = () => {},
  heardWithin = HEARD_WITHIN,
): Promise<T> {
  const socket = await connect(socketPath, heardWithin);
  let heard = false;
  const deaf = setTimeout(() => socket.destroy(), heardWithin);
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of linesOf(socket)) {
      const answer = parseAnswer(socketPath, line);
      if ('heard' in answer) {
        heard = true;
        clearTimeout(deaf);
      } else if ('row' in answer) row(answer.row as never);
      else if ('done' in answer) return answer.done as T;
      else throw new Complaint(answer.error.code, answer.error.message, answer.error.hint);
    }
  } finally {
    clearTimeout(deaf);
    socket.destroy();
  }
  if (!heard)
    throw new Complaint(
      EXIT.busy,
      `the daemon behind ${socketPath} accepts but does not answer`,
      'it may be stopped (SIGSTOP) or very busy; try again',
    );
  throw new Complaint(EXIT.unavailable, `the daemon behind ${socketPath} ended before it had answered`);
}

function parseAnswer(path: string, line: string): Answer {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    throw new Complaint(
      EXIT.failed,
      `what answers at ${path} is no jaildaemon`,
      'name another socket with -f',
    );
  }
}

/** Ends when the stream does, however it does: a reset and a time limit of ours are ends too. */
async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const piece of socket.setEncoding('utf8')) {
      const lines = (rest + (piece as string)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch {
    // `ask` says what the missing answer means
  }
}

/** @param within ms for which it waits while more callers are there than the daemon can take */
async function connect(path: string, within: number): Promise<Socket> {
  const end = performance.now() + within;
  for (;;) {
    try {
      return await connectOnce(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' || performance.now() > end) throw explain(path, error as NodeJS.ErrnoException);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      // What goes wrong from here on ends the stream of lines; `ask` says so.
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function explain(path: string, error: NodeJS.ErrnoException): Complaint {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return new Complaint(
        EXIT.unavailable,
        `no running daemon: ${path}: ${error.code}`,
        'start one with "jaildaemon -D", or name its socket with -f',
      );
    case 'EACCES':
    case 'EPERM':
      return new Complaint(
        EXIT.notPermitted,
        `not permitted: ${path}: ${error.code} (you are uid ${process.getuid?.() ?? '?'})`,
        'only root and the daemon’s own user may speak to it',
      );
    // What connect(2) says of a unix socket whose queue of callers is full.
    case 'EAGAIN':
      return new Complaint(
        EXIT.busy,
        `the daemon behind ${path} has more callers than it can take: EAGAIN`,
        'try again in a moment',
      );
    // A socket of another kind: somebody's, and no daemon's.
    case 'EPROTOTYPE':
      return new Complaint(
        EXIT.failed,
        `what listens at ${path} is no jaildaemon: ${error.code}`,
        'name another socket with -f',
      );
    // Of these nobody can say that no daemon is there.
    default:
      return new Complaint(EXIT.failed, `cannot reach the daemon: ${path}: ${error.code ?? error.message}`);
  }
}
