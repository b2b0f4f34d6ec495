import type { Settings } from '../config/config.ts';
import type { Event } from '../event.ts';
import { PROTOCOL_VERSION } from '../keeper/connection.ts';
import { isDead, openKeeper, type Keeper } from '../keeper/keeper.ts';
import type { ListedRecord, Message } from '../keeper/messages.ts';
import type { Order } from '../keeper/orders.ts';
import { epochOfSocket, findKeepers, removeStaleSocket, startKeeper } from '../keeper/start.ts';
import { departFromVersion1, type Departure } from '../keeper/version-1.ts';
import { watchStopped, type Watched } from './stopped.ts';

/**
 * The daemon's keepers. Probes are armed in the *current* one. Others *leave*: those of another version, those that
 * were told to drain, and all but the newest where there are several for whatever reason.
 *
 * ```
 *  a socket ──connect──► silent ──hello──► current ──replaced──► leaving ──nothing left──► gone
 *                           │                                       ▲
 *                           └──────── another version, draining ────┘
 * ```
 */
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
  /** The kernel told a keeper that jails have come or gone. */
  readonly lookAround: () => void;
  /** Another daemon has taken a keeper over: this one must end and start nothing. */
  readonly superseded: () => void;
}

type Hello = Extract<Message, { type: 'hello' }>;

interface Member extends Watched {
  readonly keeper: Keeper;
  hello?: Hello;
  /** `replaced`: the current one, while its successor is on its way. */
  role: 'silent' | 'current' | 'replaced' | 'leaving';
  records: ListedRecord[];
  departure?: Departure;
  /** Resolves when it has said hello, or is lost. */
  readonly heard: Promise<void>;
  readonly hear: () => void;
}

/** A keeper that says nothing within so many ms is stopped, or so busy that it is no use to wait. */
const HEARD_WITHIN = 2_000;
/** Between the fork of a command's process and its marker, ms: with a wide margin. */
const MARKED_WITHIN = 200;
/** When a dead keeper cannot be replaced at once: next try after so many ms. */
const TRY_AGAIN_AFTER = 1_000;

/**
 * A keeper is dead when connect(2) is refused, never because it is slow. As long as one says nothing, none is started:
 * it may hold what the other would be given.
 */
export function createKeepers(parts: KeeperParts): Keepers {
  const members = new Map<string, Member>();
  let closed = false;
  let engaged = false;
  /** What is done about their places: one thing after the other. */
  let queue: Promise<void> = Promise.resolve();
  let asked = false;
  let retry: NodeJS.Timeout | undefined;
  let onLoss = (): void => {};
  const stopped = watchStopped(members, parts.post, () => parts.settings().rescan);

  const current = (): Member | undefined => [...members.values()].find(({ role }) => role === 'current');
  /** Until its successor is there, the one that is replaced serves. */
  const serving = (): Member | undefined =>
    current() ?? [...members.values()].find(({ role }) => role === 'replaced');
  const silent = (): Member[] => [...members.values()].filter(({ hello }) => !hello);
  const living = (): void => parts.living(new Set(members.keys()));
  const say = (level: 'warn' | 'error', what: string, why?: string): void =>
    parts.post({ type: 'daemon', at: Date.now(), level, what, ...(why !== undefined && { why }) });

  // ---- what they say

  function message(member: Member, said: Message): void {
    switch (said.type) {
      case 'hello':
        member.hello = said;
        member.pid = said.pid;
        member.hear();
        attendSoon();
        return;
      case 'record':
        member.records.push(said.record);
        return;
      case 'listed': {
        const { records } = member;
        member.records = [];
        parts.post({ type: 'keeper-listed', at: Date.now(), epoch: member.epoch, records });
        member.departure?.listed(records);
        return;
      }
      case 'refused':
        // Of a probe that has gone from an older keeper meanwhile, `removed` says so.
        if (member.role !== 'current') return;
        if (said.id === undefined) say('error', `the keeper refused an order: ${said.verb}`, said.why);
        else
          parts.post({ type: 'order-refused', at: Date.now(), id: said.id, verb: said.verb, why: said.why });
        return;
      case 'superseded':
        close();
        parts.superseded();
        return;
      case 'look':
        parts.lookAround();
        return;
      case 'foreign': {
        const { seq } = said;
        if (seq !== undefined)
          parts.post({ type: 'keeper-foreign', at: Date.now(), epoch: member.epoch, seq });
        return;
      }
      case 'ok':
        return;
      default:
        parts.post(said);
    }
  }

  function lost(member: Member, why: string): void {
    members.delete(member.epoch);
    member.departure?.stop();
    member.hear();
    onLoss();
    if (closed) return;
    // Without a current keeper nothing is armed. When another one is lost, its commands must be known before its probes
    // are armed elsewhere, and one that it had only just forked has no marker yet.
    if (member.role === 'leaving') setTimeout(() => tellLost(member, why), MARKED_WITHIN);
    else tellLost(member, why);
    attendSoon();
  }

  function tellLost({ epoch, role }: Member, why: string): void {
    if (closed || members.has(epoch)) return;
    parts.post({
      type: 'keeper-lost',
      at: Date.now(),
      epoch,
      why,
      ...(role === 'leaving' && { leaving: true }),
    });
    // At the start not all that live are known yet.
    if (engaged) living();
  }

  // ---- their places

  function exclusively(work: () => Promise<void>): Promise<void> {
    const done = queue.then(work);
    queue = done.catch(() => {}); // told to who asked for it
    return done;
  }

  /** Brings it about that every keeper has its place and one is current. */
  function attend(): Promise<void> {
    if (asked) return queue;
    asked = true;
    clearTimeout(retry);
    return exclusively(async () => {
      asked = false;
      if (!closed) await attendNow();
    });
  }

  function attendSoon(): void {
    if (closed || !engaged) return;
    attend().catch((error) => {
      say('error', 'no keeper can be started; every probe is away', reasonOf(error));
      retry = setTimeout(attendSoon, TRY_AGAIN_AFTER);
    });
  }

  async function attendNow(): Promise<void> {
    await connectAll();
    living();
    await hearAll();
    if (closed) return;
    if (silent().length > 0) {
      // Their hello, or their end, brings us here again.
      await Promise.all(silent().map((member) => stopped.tellSilent(member)));
      return;
    }
    const candidates = [...members.values()].filter(mayBeCurrent).sort(byAge);
    const chosen = current() ?? candidates.at(-1);
    for (const member of members.values()) if (member !== chosen && member.role === 'silent') depart(member);
    if (chosen?.role === 'silent') install(chosen);
    if (!chosen) await startOne();
    // What a dead one had forked may have left its marker only now.
    living();
  }

  async function connectAll(): Promise<void> {
    for (const path of await findKeepers(parts.state)) {
      if (members.has(epochOfSocket(path))) continue;
      try {
        await connect(path);
      } catch (error) {
        if (!isDead(error)) throw error;
        await removeStaleSocket(path);
      }
    }
  }

  async function connect(path: string): Promise<Member> {
    const epoch = epochOfSocket(path);
    let hear = (): void => {};
    const heard = new Promise<void>((resolve) => (hear = resolve));
    // It says its first word in a later turn than this one, in which it gets its place below.
    const keeper = await openKeeper(path, {
      message: (said) => message(member, said),
      lost: (why) => lost(member, why),
    });
    const member: Member = { epoch, keeper, role: 'silent', records: [], heard, hear };
    members.set(epoch, member);
    return member;
  }

  async function hearAll(): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (late = setTimeout(resolve, HEARD_WITHIN)));
    await Promise.race([Promise.all([...members.values()].map(({ heard }) => heard)), patience]);
    clearTimeout(late);
  }

  async function startOne(): Promise<void> {
    const member = await connect(await startKeeper(parts.state));
    await hearAll();
    // Asked to end meanwhile: what nobody knows of must not stay.
    if (closed) member.keeper.send({ verb: 'quit', grace: 0 });
    else if (!members.has(member.epoch)) throw new Error('the keeper ended as soon as it was started');
    else if (member.hello && !mayBeCurrent(member)) refuseForeign(member, member.hello.version);
    else if (member.hello) install(member);
  }

  async function replaceNow(): Promise<void> {
    const older = current();
    if (older) older.role = 'replaced';
    try {
      await startOne();
    } finally {
      if (older && members.has(older.epoch)) {
        if (current()) depart(older);
        else older.role = 'current';
      }
    }
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
    limit(parts.settings());
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
    parts.post({
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

  function close(): void {
    closed = true;
    clearTimeout(retry);
    stopped.stop();
    for (const { departure } of members.values()) departure?.stop();
  }

  return {
    async engage() {
      stopped.start();
      try {
        await attend();
        engaged = true;
      } catch (error) {
        close();
        throw error;
      }
      // What happened to them meanwhile.
      attendSoon();
    },
    get current() {
      return serving()?.keeper;
    },
    of: (epoch) => members.get(epoch)?.keeper,
    send: (order) => serving()?.keeper.send(order),
    limit,
    replace: () => exclusively(replaceNow),
    look: () => stopped.look(),
    async quit(grace, within) {
      close();
      await queue; // what it has started is one of them by now, or has been told to end
      await stopped.goOn();
      await hearAll();
      for (const { keeper } of members.values()) keeper.send({ verb: 'quit', grace });
      await untilEmpty(within);
      return [...members.values()].flatMap(({ pid }) => pid ?? []);
    },
    async leave() {
      close();
      await queue; // as above
      for (const { keeper } of members.values()) keeper.leave();
    },
  };

  async function untilEmpty(within: number): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => (late = setTimeout(resolve, within)));
    const empty = new Promise<void>((resolve) => {
      onLoss = () => {
        if (members.size === 0) resolve();
      };
      onLoss();
    });
    await Promise.race([empty, over]);
    clearTimeout(late);
  }
}

/** One of ours, that goes on as it is. */
function mayBeCurrent({ hello }: Member): boolean {
  return hello?.version === PROTOCOL_VERSION && !hello.draining;
}

function byAge(a: Member, b: Member): number {
  return (a.hello?.started ?? 0) - (b.hello?.started ?? 0);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
