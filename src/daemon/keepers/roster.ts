import { inTime } from '../../in-time.ts';
import { isDead, openKeeper } from '../../keeper/keeper.ts';
import type { Message } from '../../keeper/messages.ts';
import { epochOfSocket, findKeepers, removeStaleSocket } from '../../keeper/start.ts';
import type { Member } from './member.ts';

/** Those to whom there is a line. */
export interface Roster {
  /** By epoch. */
  readonly members: ReadonlyMap<string, Member>;
  /** Who is it, or serves until its successor is there. */
  readonly serving: Member | undefined;
  /** Those of whom nobody knows yet what they hold. */
  readonly silent: readonly Member[];
  /** Opens a line to each that lives and is not known yet; what dead ones have left is removed. */
  connectAll(): Promise<void>;
  /** The epochs of those whose socket is there and to whom there is no line: it has broken since, or they have just died. */
  unreached(): Promise<readonly string[]>;
  /** Opens a line to the keeper behind this socket. @throws the system's error */
  connect(socket: string): Promise<Member>;
  /** Waits until all have said hello, but not for long. */
  untilHeard(): Promise<void>;
  /** Waits until none is left, but no longer than so many ms. */
  untilEmpty(within: number): Promise<void>;
}

export interface RosterListener {
  said(member: Member, message: Message): void;
  /** Its line has broken; it is no member any more. */
  lost(member: Member, why: string): void;
  /** Nobody listens at its socket any more. */
  dead(epoch: string): void;
}

/** A keeper that says nothing within so many ms is stopped, or so busy that it is no use to wait. */
const HEARD_WITHIN = 2_000;

/** @param stateDirectory where the sockets are */
export function createRoster(stateDirectory: string, listener: RosterListener): Roster {
  const members = new Map<string, Member>();
  let onLoss = (): void => {};
  const inRole = (role: Member['role']): Member | undefined =>
    [...members.values()].find((member) => member.role === role);

  function lose(member: Member, why: string): void {
    members.delete(member.epoch);
    member.departure?.stop();
    member.hear();
    onLoss();
    listener.lost(member, why);
  }

  async function connect(socket: string): Promise<Member> {
    const epoch = epochOfSocket(socket);
    let hear = (): void => {};
    const heard = new Promise<void>((resolve) => (hear = resolve));
    // It says its first word in a later turn than this one, in which it gets its place below.
    const keeper = await openKeeper(socket, {
      message: (said) => listener.said(member, said),
      lost: (why) => lose(member, why),
    });
    const member: Member = { epoch, keeper, role: 'silent', records: [], heard, hear };
    members.set(epoch, member);
    return member;
  }

  return {
    members,
    get serving() {
      return inRole('current') ?? inRole('replaced');
    },
    get silent() {
      return [...members.values()].filter(({ hello }) => !hello);
    },
    async connectAll() {
      for (const socket of await findKeepers(stateDirectory)) {
        if (members.has(epochOfSocket(socket))) continue;
        try {
          await connect(socket);
        } catch (error) {
          if (!isDead(error)) throw error;
          await removeStaleSocket(socket);
          listener.dead(epochOfSocket(socket));
        }
      }
    },
    async unreached() {
      const named = (await findKeepers(stateDirectory)).map(epochOfSocket);
      return named.filter((epoch) => !members.has(epoch));
    },
    connect,
    async untilHeard() {
      await inTime(Promise.all([...members.values()].map(({ heard }) => heard)), HEARD_WITHIN);
    },
    async untilEmpty(within) {
      const empty = new Promise<void>((resolve) => {
        onLoss = () => {
          if (members.size === 0) resolve();
        };
      });
      onLoss();
      await inTime(empty, within);
    },
  };
}
