import { connectKeeper, type Connection } from './connection.ts';
import type { Message } from './messages.ts';
import type { Order } from './orders.ts';
import { findKeepers, removeStaleSocket, startKeeper } from './start.ts';

/** The daemon's end of the keeper: whichever process that is at the moment. */
export interface Keeper {
  /** Dropped while there is no keeper: the plan after the next `hello` says it again. */
  send(order: Order): void;
  /** Sends an order that is answered. @throws Error with the keeper's reason, or when it is lost meanwhile */
  ask(order: (ref: number) => Order): Promise<{ readonly run?: string }>;
  /** Leaves it: it goes on without us. */
  leave(): void;
}

/** Where a keeper's words go. */
export interface KeeperListener {
  message(message: Message): void;
  lost(why: string): void;
}

interface Pending {
  readonly resolve: (answer: { readonly run?: string }) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Finds the living keeper of this state directory, or starts one.
 *
 * A keeper is dead when connect(2) is refused, never because it is slow. Of several living ones (a daemon was killed
 * between two steps) one is taken and the others are told to end.
 */
export async function engageKeeper(stateDirectory: string, listener: KeeperListener): Promise<Keeper> {
  const pending = new Map<number, Pending>();
  let refs = 0;
  let connection: Connection | undefined;

  const forAsker = (message: Message): boolean => {
    if ((message.type !== 'ok' && message.type !== 'refused') || message.ref === undefined) return false;
    const asker = pending.get(message.ref);
    pending.delete(message.ref);
    if (message.type === 'ok') asker?.resolve(message.run === undefined ? {} : { run: message.run });
    else asker?.reject(new Error(message.why));
    return true;
  };
  const ended = (why: string): void => {
    connection = undefined;
    for (const asker of pending.values()) asker.reject(new Error(why));
    pending.clear();
    listener.lost(why);
  };

  connection = await connectAny(stateDirectory, {
    message: (message) => {
      if (!forAsker(message)) listener.message(message);
    },
    ended,
  });
  return {
    send: (order) => connection?.send(order),
    ask: (order) =>
      new Promise((resolve, reject) => {
        if (!connection) {
          reject(new Error('there is no keeper at the moment'));
          return;
        }
        const ref = ++refs;
        pending.set(ref, { resolve, reject });
        connection.send(order(ref));
      }),
    leave: () => connection?.close(),
  };
}

async function connectAny(
  stateDirectory: string,
  listener: Parameters<typeof connectKeeper>[1],
): Promise<Connection> {
  let taken: Connection | undefined;
  for (const path of await findKeepers(stateDirectory)) {
    try {
      if (taken)
        (await connectKeeper(path, { message: () => {}, ended: () => {} })).send({ verb: 'quit', grace: 0 });
      else taken = await connectKeeper(path, listener);
    } catch (error) {
      if (!isDead(error)) throw error;
      await removeStaleSocket(path);
    }
  }
  return taken ?? connectKeeper(await startKeeper(stateDirectory), listener);
}

function isDead(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}
