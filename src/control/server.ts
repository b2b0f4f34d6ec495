import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Complaint, EXIT, MAX_REQUEST, type Answer, type Arguments } from './protocol.ts';

/** Carries out one verb. What it returns is the `done`; what it throws becomes the `error`. */
export type Handler = (args: Arguments, reply: Reply) => Promise<unknown>;

export interface Reply {
  /** Sends a row. It waits until the client has room: a slow one costs a promise, no memory. */
  row(value: unknown): Promise<void>;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

/** A connection must bring its request within this time, ms. */
const PATIENCE = 10_000;
/** Says no more than that we are there; it may come more than once. */
const HEARD = `${JSON.stringify({ heard: process.pid } satisfies Answer)}\n`;
/** More connections than this at once: the one that has been silent longest is closed. */
const CROWD = 200;

/**
 * Answers requests on a server that listens already. An error of a request, of whatever kind, never reaches the daemon.
 *
 * @param find gives a verb's function; a verb without one does not exist
 * @param report told of faults of ours: an answer that no Complaint explains
 */
export function createControlServer(
  find: (verb: string) => Handler | undefined,
  report: (error: unknown) => void,
): Server {
  const silent = new Set<Socket>();
  return createServer({ allowHalfOpen: true }, (socket) => {
    silent.add(socket);
    if (silent.size > CROWD) silent.values().next().value?.destroy();
    const gone = new AbortController();
    const impatience = setTimeout(() => socket.destroy(), PATIENCE);
    let beat: NodeJS.Timeout | undefined;
    const feel = (): void => {
      if (socket.writable) socket.write(HEARD);
    };
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(impatience);
      clearInterval(beat);
      silent.delete(socket);
      gone.abort();
    });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      const end = piece.indexOf('\n');
      text += end < 0 ? piece : piece.slice(0, end);
      if (end < 0 && text.length <= MAX_REQUEST) return;
      socket.removeAllListeners('data');
      socket.resume();
      clearTimeout(impatience);
      silent.delete(socket);
      void answer(socket, text.length > MAX_REQUEST ? undefined : text, gone.signal);
    });
    socket.on('end', () => {
      if (silent.has(socket)) socket.destroy();
      // It has closed its own side, or it has gone: which of the two, only a write tells. Who follows the history would
      // else be kept until something happens.
      else beat = setInterval(feel, PATIENCE);
      feel();
    });
  });

  async function answer(socket: Socket, line: string | undefined, gone: AbortSignal): Promise<void> {
    const send = async (value: Answer): Promise<void> => {
      if (socket.destroyed || socket.write(`${JSON.stringify(value)}\n`)) return;
      await once(socket, 'drain', { signal: gone });
    };
    try {
      const { verb, args } = parseRequest(line);
      const handler = find(verb);
      if (!handler) throw new Complaint(EXIT.usage, `unknown verb ${JSON.stringify(verb.slice(0, 40))}`);
      await send({ heard: process.pid });
      await send({ done: (await handler(args, { row: (row) => send({ row }), gone })) ?? {} });
    } catch (error) {
      // The client left: that is no fault of ours.
      if (gone.aborted || socket.destroyed) return;
      if (!(error instanceof Complaint)) report(error);
      const complaint =
        error instanceof Complaint
          ? error
          : new Complaint(EXIT.failed, `the daemon failed: ${String(error)}`, 'its log says more');
      const { code, message, hint } = complaint;
      // Not waited for: one that does not read would keep its connection for ever.
      send({ error: { code, message, ...(hint !== undefined && { hint }) } }).catch(() => {});
    } finally {
      socket.end();
      // A client that never closes its side would keep the descriptor for ever.
      setTimeout(() => socket.destroy(), PATIENCE).unref();
    }
  }
}

function parseRequest(line: string | undefined): { verb: string; args: Arguments } {
  if (line === undefined)
    throw new Complaint(EXIT.usage, `a request is one line of at most ${MAX_REQUEST} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Complaint(EXIT.usage, `the request is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Complaint(EXIT.usage, 'a request is a JSON object');
  const args = value as Arguments;
  const verb = Object.hasOwn(args, 'verb') ? args['verb'] : undefined;
  if (typeof verb !== 'string') throw new Complaint(EXIT.usage, 'the request has no "verb"');
  return { verb, args };
}
