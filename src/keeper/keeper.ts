import { connectKeeper } from './connection.ts';
import type { Message } from './messages.ts';
import type { Order } from './orders.ts';
import { epochOfSocket } from './start.ts';

/** The daemon's end of one keeper. */
export interface Keeper {
  readonly epoch: string;
  /** Dropped when the keeper is lost: the plan after the next list says it again. */
  send(order: Order): void;
  /** Sends an order that is answered. @throws Error with the keeper's reason, or when it is lost meanwhile */
  ask(order: (ref: number) => Order): Promise<{ readonly run?: string }>;
  /** Leaves it: it goes on without us. */
  leave(): void;
}

/** Where a keeper's words go; answers to `ask` do not come here. */
export interface KeeperListener {
  message(message: Message): void;
  lost(why: string): void;
}

interface Pending {
  readonly resolve: (answer: { readonly run?: string }) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Opens a line to the keeper that listens at this socket. It counts as living as soon as connect(2) succeeds, also when
 * it is stopped and says nothing.
 *
 * @throws the system's error; see `isDead`
 */
export async function openKeeper(path: string, listener: KeeperListener): Promise<Keeper> {
  const pending = new Map<number, Pending>();
  let refs = 0;
  let lost: string | undefined;

  const forAsker = (message: Message): boolean => {
    if ((message.type !== 'ok' && message.type !== 'refused') || message.ref === undefined) return false;
    const asker = pending.get(message.ref);
    pending.delete(message.ref);
    if (message.type === 'ok') asker?.resolve(message.run === undefined ? {} : { run: message.run });
    else asker?.reject(new Error(message.why));
    return true;
  };

  const connection = await connectKeeper(path, {
    message: (message) => {
      if (!forAsker(message)) listener.message(message);
    },
    ended: (why) => {
      lost = why;
      for (const asker of pending.values()) asker.reject(new Error(why));
      pending.clear();
      listener.lost(why);
    },
  });
  return {
    epoch: epochOfSocket(path),
    send: (order) => connection.send(order),
    ask: (order) =>
      new Promise((resolve, reject) => {
        if (lost !== undefined) {
          reject(new Error(lost));
          return;
        }
        const ref = ++refs;
        pending.set(ref, { resolve, reject });
        connection.send(order(ref));
      }),
    leave: () => connection.close(),
  };
}

/** Whether the error of a connect(2) says that nobody listens there any more. */
export function isDead(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}
