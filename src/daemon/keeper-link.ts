import type { Settings } from '../config/config.ts';
import type { Event } from '../event.ts';
import { engageKeeper, type Keeper } from '../keeper/keeper.ts';
import type { ListedRecord, Message } from '../keeper/messages.ts';
import type { Order } from '../keeper/orders.ts';

/** The daemon's keeper, whichever process it is: found, asked for all it has, and replaced when it dies. */
export interface KeeperLink {
  readonly keeper: Keeper | undefined;
  send(order: Order): void;
  /** Tells the keeper the settings that it applies by itself. */
  limit(settings: Settings): void;
  /** Tells it to take everything down; resolves when it has ended. */
  quit(grace: number): Promise<void>;
}

export interface LinkParts {
  readonly state: string;
  readonly settings: () => Settings;
  readonly post: (...events: readonly Event[]) => void;
  /** A keeper of this epoch is there: what others have left behind can be told from what is its. */
  readonly found: (epoch: string) => void;
  /** The kernel told the keeper that jails have come or gone. */
  readonly lookAround: () => void;
  /** Another daemon has taken the keeper over: this one must end and start nothing. */
  readonly superseded: () => void;
}

/** After the grace commands get TERM and, `kill_after` later, KILL; so long that is waited for, ms. */
const QUIT_TAKES = 60_000;

/** When a dead keeper cannot be replaced at once: next try after so many ms. */
const TRY_AGAIN_AFTER = 1_000;

/**
 * Engages the keeper.
 *
 * @throws Error when none can be started: at the daemon's start that ends it, later it is tried again
 */
export async function linkKeeper(parts: LinkParts): Promise<KeeperLink> {
  let keeper: Keeper | undefined;
  let records: ListedRecord[] = [];
  let epoch = '';
  let quitting: (() => void) | undefined;
  const tell = (what: string, why?: string): void => {
    parts.post({ type: 'daemon', at: Date.now(), level: 'error', what, ...(why !== undefined && { why }) });
  };

  function limit({ budget, brake }: Settings): void {
    keeper?.send({ verb: 'limits', budget, brake: brake.triggers, brakeWindow: brake.within });
  }

  function message(said: Message): void {
    switch (said.type) {
      case 'hello':
        records = [];
        epoch = said.epoch;
        parts.post({
          type: 'keeper-found',
          at: Date.now(),
          epoch: said.epoch,
          pid: said.pid,
          version: said.version,
          startedAt: said.started,
        });
        parts.found(said.epoch);
        return;
      case 'record':
        records.push(said.record);
        return;
      case 'listed':
        parts.post({ type: 'keeper-listed', at: Date.now(), epoch, records });
        records = [];
        return;
      case 'refused':
        if (said.id === undefined) tell(`the keeper refused an order: ${said.verb}`, said.why);
        else
          parts.post({ type: 'order-refused', at: Date.now(), id: said.id, verb: said.verb, why: said.why });
        return;
      case 'superseded':
        parts.superseded();
        return;
      case 'look':
        parts.lookAround();
        return;
      case 'ok':
        return;
      default:
        parts.post(said);
    }
  }

  function lost(why: string): void {
    keeper = undefined;
    if (quitting) {
      quitting();
      return;
    }
    parts.post({ type: 'keeper-lost', at: Date.now(), epoch, why });
    void again();
  }

  async function engage(): Promise<void> {
    const engaged = await engageKeeper(parts.state, { message, lost });
    keeper = engaged;
    limit(parts.settings());
    engaged.send({ verb: 'list' });
  }

  async function again(): Promise<void> {
    try {
      await engage();
    } catch (error) {
      tell(
        'no keeper can be started; every probe is away',
        error instanceof Error ? error.message : String(error),
      );
      setTimeout(() => void again(), TRY_AGAIN_AFTER);
    }
  }

  await engage();
  return {
    get keeper() {
      return keeper;
    },
    send: (order) => keeper?.send(order),
    limit,
    quit: (grace) =>
      new Promise((resolve) => {
        if (!keeper) {
          resolve();
          return;
        }
        quitting = resolve;
        keeper.send({ verb: 'quit', grace });
        // One that is stopped, or that cannot be acknowledged for want of disk, ends by itself once we have gone.
        setTimeout(() => {
          tell('the keeper does not end; it is left to do so by itself');
          resolve();
        }, grace + QUIT_TAKES).unref();
      }),
  };
}
