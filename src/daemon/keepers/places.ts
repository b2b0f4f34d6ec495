import type { Settings } from '../../config/config.ts';
import type { Event } from '../../event.ts';
import { PROTOCOL_VERSION } from '../../keeper/connection.ts';
import type { Order } from '../../keeper/orders.ts';
import { startKeeper } from '../../keeper/start.ts';
import { departFromVersion1 } from '../../keeper/version-1.ts';
import { choosePlaces, mayBeCurrent, type Member } from './member.ts';
import type { Roster } from './roster.ts';

/** Brings keepers to their places: one thing after the other. */
export interface Places {
  /** Every member that has said hello gets its place; one is started if none can be current. @throws Error when it cannot */
  fill(): Promise<void>;
  /** Starts another one and lets the current one leave. @throws Error: all stays as it is */
  replace(): Promise<void>;
  /** Tells the current one the settings that it applies by itself. */
  limit(settings: Settings): void;
}

export interface PlacesParts {
  readonly stateDirectory: string;
  readonly roster: Roster;
  readonly settings: () => Settings;
  readonly post: (event: Event) => void;
  /** The daemon ends: what nobody knows of must not stay. */
  readonly isClosed: () => boolean;
}

/** For the members of a roster; nothing is done before `fill`. */
export function createPlaces({ stateDirectory, roster, settings, post, isClosed }: PlacesParts): Places {
  const current = (): Member | undefined =>
    [...roster.members.values()].find(({ role }) => role === 'current');

  async function startOne(): Promise<void> {
    const member = await roster.connect(await startKeeper(stateDirectory));
    await roster.untilHeard();
    if (isClosed()) member.keeper.send({ verb: 'quit', grace: 0 });
    else if (!roster.members.has(member.epoch)) throw new Error('the keeper ended as soon as it was started');
    else if (member.hello && !mayBeCurrent(member)) refuseForeign(member, member.hello.version);
    else if (member.hello) install(member);
  }

  /** Half of an installation is of another version. */
  function refuseForeign({ keeper }: Member, version: number): never {
    keeper.send({ verb: 'quit', grace: 0 });
    throw new Error(
      `the installed keeper speaks protocol ${version}, this daemon ${PROTOCOL_VERSION}: install both anew`,
    );
  }

  function install(member: Member): void {
    member.role = 'current';
    tellFound(member);
    limit(settings());
    member.keeper.send({ verb: 'list' });
  }

  function depart(member: Member): void {
    member.role = 'leaving';
    tellFound(member);
    const send = (order: Order): void => member.keeper.send(order);
    if (member.hello?.version === 1) member.departure = departFromVersion1(send);
    else {
      send({ verb: 'drain' });
      send({ verb: 'list' });
    }
  }

  function tellFound({ role, hello }: Member): void {
    if (!hello) return;
    const { epoch, pid, version, started, nofile } = hello;
    post({
      type: 'keeper-found',
      at: Date.now(),
      epoch,
      pid,
      version,
      startedAt: started,
      ...(role === 'leaving' ? { leaving: true } : { descriptors: nofile }),
    });
  }

  function limit({ budget, brake }: Settings): void {
    current()?.keeper.send({ verb: 'limits', budget, brake: brake.triggers, brakeWindow: brake.within });
  }

  return {
    async fill() {
      const places = choosePlaces(roster.members.values());
      for (const member of places.leaving) depart(member);
      if (!places.current) await startOne();
      else if (places.current.role === 'silent') install(places.current);
    },
    async replace() {
      const older = current();
      if (older) older.role = 'replaced';
      try {
        await startOne();
      } finally {
        if (older && roster.members.has(older.epoch)) {
          if (current()) depart(older);
          else older.role = 'current';
        }
      }
    },
    limit,
  };
}
