import { existsSync, mkdirSync } from 'node:fs';
import { socketOf } from '../../keeper/start.ts';
import { reasonOf } from '../../reason.ts';
import type { Troubles } from '../troubles.ts';

/** Sees to it that the next daemon will find the keeper. */
export interface SocketGuard {
  start(): void;
  stop(): void;
}

export interface SocketGuardParts {
  readonly stateDirectory: string;
  /** Of the current keeper; undefined: there is none, or it is stopped. */
  readonly epoch: () => string | undefined;
  /** Lets its probes move to a keeper that can be found. */
  readonly replace: () => Promise<void>;
  /** The state directory is there, but what was in it may be gone with the socket: it must be written again. */
  readonly emptied: () => void;
  readonly troubles: Troubles;
}

/** How often the path is looked at, ms. */
const LOOK_EVERY = 2_000;

/** A socket that is gone cannot be made again by anybody; but as long as there is a line to its keeper, that can be replaced. */
export function guardSocket(parts: SocketGuardParts): SocketGuard {
  const { stateDirectory, troubles } = parts;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const epoch = parts.epoch();
    if (epoch === undefined || existsSync(socketOf(stateDirectory, epoch))) return;
    const gone = `the socket of keeper ${epoch} is gone from ${stateDirectory}`;
    troubles.has(gone, 'its probes move to a new keeper');
    try {
      // The history may have made it already.
      mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
      parts.emptied();
      await parts.replace();
      troubles.hasNot(gone);
    } catch (error) {
      troubles.has(`keeper ${epoch}, which no other daemon would find, cannot be replaced`, reasonOf(error));
    }
  }

  function lookLater(): void {
    timer = setTimeout(() => void look().finally(() => timer && lookLater()), LOOK_EVERY);
  }

  return {
    start: lookLater,
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
