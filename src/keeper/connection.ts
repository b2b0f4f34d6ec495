import { createConnection, type Socket } from 'node:net';
import { createFrameReader, encodeFrame, type Frame } from './frame.ts';
import type { Message } from './messages.ts';
import { readForeignMessage, readMessage } from './read-message.ts';
import { orderFields, type Order } from './orders.ts';
import { epochOfSocket } from './start.ts';
import { versionAfterRefusal } from './version-1.ts';
import { reasonOf } from '../reason.ts';

/** The protocol that this daemon speaks (PROTOCOL.md, "History of versions"). */
export const PROTOCOL_VERSION = 2;

/** A line to a living keeper. Orders are written in order and never wait for an answer. */
export interface Connection {
  send(order: Order): void;
  close(): void;
}

/** What a connection tells: every message, and once that it has ended, with the reason. */
export interface Listener {
  message(message: Message): void;
  ended(why: string): void;
}

/**
 * Connects to a keeper's socket and says hello, in the keeper's own version where it insists.
 *
 * @throws the system's error (ECONNREFUSED: no process listens there any more; ENOENT)
 */
export async function connectKeeper(path: string, listener: Listener): Promise<Connection> {
  const socket = createConnection(path);
  await opened(socket);
  const read = createFrameReader();
  const epoch = epochOfSocket(path);
  const hello = (version: number): boolean => socket.write(encodeFrame('hello', { version }));
  let foreign = false;
  let why = 'the keeper closed the connection';

  function take(frame: Frame): void {
    const message = (foreign ? readForeignMessage : readMessage)(frame, epoch);
    if (message.type === 'hello') foreign = message.version !== PROTOCOL_VERSION;
    if (message.type === 'refused' && message.verb === 'hello') {
      const older = versionAfterRefusal(message.why);
      if (older === undefined) throw new Error(`the keeper refused our hello: ${message.why}`);
      hello(older);
      return;
    }
    listener.message(message);
  }

  socket.on('data', (piece) => {
    try {
      for (const frame of read(piece)) take(frame);
    } catch (error) {
      why = reasonOf(error);
      socket.destroy();
    }
  });
  socket.on('error', (error) => {
    why = error.message;
  });
  socket.on('close', () => {
    listener.ended(why);
  });
  hello(PROTOCOL_VERSION);
  return {
    send(order) {
      if (!socket.destroyed) socket.write(encodeFrame(order.verb, orderFields(order)));
    },
    close() {
      // What was ordered still goes out.
      socket.end();
    },
  };
}

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.once('error', reject);
  });
}
