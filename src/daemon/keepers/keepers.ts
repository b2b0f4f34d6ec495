import type { Settings } from '../../config/config.ts';
import type { Event } from '../../event.ts';
import type { Keeper } from '../../keeper/keeper.ts';
import type { Order } from '../../keeper/orders.ts';
import { reasonOf } from '../../reason.ts';
import { createTroubles } from '../troubles.ts';
import { createAttention } from './attention.ts';
import type { Member } from './member.ts';
import { createPlaces } from './places.ts';
import { reachAll } from './reach.ts';
import { createRoster } from './roster.ts';
import { guardSocket } from './socket-guard.ts';
import { watchStopped } from './stopped.ts';
import { findStrays, type Strays } from './strays.ts';
import { take } from './voice.ts';

/** The daemon's keepers: probes are armed in the *current* one, and others *leave*. */
export interface Keepers {
  /**
   * Finds the living ones and gives each its place; starts one if there is none to go on with. From then on that is done
   * by itself whenever one is lost.
   *
   * @throws Error when none can be started
   */
  engage(): Promise<void>;
  readonly current: Keeper | undefined;
  /** One of them, by its epoch. */
  of(epoch: string): Keeper | undefined;
  /** Gives an order to the current one. */
  send(order: Order): void;
  /** Tells the current keeper the settings that it applies by itself. */
  limit(settings: Settings): void;
  /** Starts another keeper and lets the current one leave, though nothing asks for it. @throws Error: all stays as it is */
  replace(): Promise<void>;
  /** Looks now which of them are stopped. */
  look(): Promise<void>;
  /** Tells all to take everything down. @returns the pids of those that have not ended within so many ms */
  quit(grace: number, within: number): Promise<number[]>;
  /** Leaves them: they go on without us. */
  leave(): Promise<void>;
}

export interface KeeperParts {
  readonly state: string;
  readonly settings: () => Settings;
  readonly post: (...events: readonly Event[]) => void;
  /** These live: what others have left behind is nobody's any more. */
  readonly living: (epochs: ReadonlySet<string>) => void;
  /** The state directory is there, but what was in it may be gone: it must be written again. */
  readonly emptied: () => void;
  /** The kernel told a keeper that jails have come or gone. */
  readonly lookAround: () => void;
  /** Another daemon has taken a keeper over: this one must end and start nothing. */
  readonly superseded: () => void;
}

/** Between the fork of a command's process and its marker, ms: with a wide margin. */
const MARKED_WITHIN = 200;
const NO_KEEPER = 'no keeper can be started; every probe is away';

/**
 * A keeper is dead when connect(2) is refused, never because it is slow. As long as one says nothing, none is started:
 * it may hold what the other would be given.
 */
export function createKeepers(parts: KeeperParts): Keepers {
  let closed = false;
  let engaged = false;
  let strays: Strays | undefined;
  const post = (event: Event): void => parts.post(event);
  const troubles = createTroubles((what, why) =>
    post({ type: 'daemon', at: Date.now(), level: 'error', what, why }),
  );
  const attention = createAttention(attend, {
    done: () => troubles.hasNot(NO_KEEPER),
    failed: (error) => troubles.has(NO_KEEPER, reasonOf(error)),
  });
  const ears = {
    post,
    greeted: () => attendSoon(),
    lookAround: () => parts.lookAround(),
    superseded() {
      close();
      parts.superseded();
    },
  };
  const roster = createRoster(parts.state, { said: (member, said) => take(member, said, ears), lost, dead });
  const { members } = roster;
  const stopped = watchStopped(members, post, () => parts.settings().rescan);
  const places = createPlaces({
    stateDirectory: parts.state,
    roster,
    settings: () => parts.settings(),
    post,
    isClosed: () => closed,
  });
  const guard = guardSocket({
    stateDirectory: parts.state,
    epoch() {
      const { serving } = roster;
      return serving?.stopped ? undefined : serving?.epoch;
    },
    replace: () => attention.exclusively(() => places.replace()),
    emptied: () => parts.emptied(),
    troubles,
  });
  const living = (): void => parts.living(new Set(members.keys()));

  function lost(member: Member, why: string): void {
    if (closed) return;
    // Without a current keeper nothing is armed. When another one is lost, its commands must be known before its probes
    // are armed elsewhere, and one that it had only just forked has no marker yet.
    if (member.role === 'leaving') setTimeout(() => tellLost(member, why), MARKED_WITHIN);
    else tellLost(member, why);
    attendSoon();
  }

  function tellLost({ epoch, role }: Member, why: string): void {
    if (closed || members.has(epoch)) return;
    const leaving = role === 'leaving' ? { leaving: true as const } : {};
    post({ type: 'keeper-lost', at: Date.now(), epoch, why, ...leaving });
    // At the start not all that live are known yet.
    if (engaged) living();
  }

  function dead(epoch: string): void {
    const what = `keeper ${epoch} has ended, and every probe with it`;
    post({ type: 'daemon', at: Date.now(), level: 'warn', what });
  }

  function attendSoon(): void {
    if (engaged) attention.soon();
  }

  /** Brings it about that every keeper has its place and one is current. */
  async function attend(): Promise<void> {
    await reachAll(roster, living, () => closed);
    if (closed) return;
    const { silent } = roster;
    if (silent.length > 0) {
      // Their hello, or their end, brings us here again.
      await Promise.all(silent.map((member) => stopped.tellSilent(member)));
      return;
    }
    await strays?.end(members);
    await places.fill();
    // What a dead one had forked may have left its marker only now.
    living();
  }

  function close(): void {
    closed = true;
    attention.stop();
    stopped.stop();
    guard.stop();
    for (const { departure } of members.values()) departure?.stop();
  }

  return {
    async engage() {
      stopped.start();
      try {
        strays = findStrays(parts.state, post);
        await attention.now();
        engaged = true;
      } catch (error) {
        close();
        throw error;
      }
      guard.start();
      // What happened to them meanwhile.
      attention.soon();
    },
    get current() {
      return roster.serving?.keeper;
    },
    of: (epoch) => members.get(epoch)?.keeper,
    send: (order) => roster.serving?.keeper.send(order),
    limit: (settings) => places.limit(settings),
    replace: () => attention.exclusively(() => places.replace()),
    look: () => stopped.look(),
    async quit(grace, within) {
      close();
      await attention.untilIdle(); // what it has started is one of them by now, or has been told to end
      await stopped.goOn();
      await roster.untilHeard();
      for (const { keeper } of members.values()) keeper.send({ verb: 'quit', grace });
      await roster.untilEmpty(within);
      living(); // one may have been killed in the middle of it
      return [...members.values()].flatMap(({ pid }) => pid ?? []);
    },
    async leave() {
      close();
      await attention.untilIdle(); // as above
      for (const { keeper } of members.values()) keeper.leave();
    },
  };
}
