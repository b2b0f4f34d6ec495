import type {
  ListedRecord,
  ProbeEvent,
  GoneEvent,
  HoldReason,
  RecordState,
} from '../../src/keeper/messages.ts';
import type { Definition, Order } from '../../src/keeper/orders.ts';

/** One process of a probe, in one life of its jail. Whoever kills it, the keeper hears of it when it reaps. */
export interface Body {
  readonly pid: number;
  readonly record: Record;
  readonly instance: string;
  /** That it was armed with, or updated to. */
  definition: Definition;
  ready: boolean;
  death?: 'HUP' | 'KILL';
  /** By the trigger that made it superfluous. */
  folded?: Command;
}

/** A command that runs. It outlives its keeper. */
export interface Command {
  readonly run: string;
  readonly id: string;
  readonly firedAt: number;
  readonly instance: string;
  readonly respawn: Definition['respawn'];
  folded: number;
}

/** What PROTOCOL.md says of a keeper's record, and no more. */
export interface Record {
  readonly id: string;
  definition: Definition;
  state: RecordState;
  armed?: Body;
  entering?: Body;
  readonly bodies: Set<Body>;
  readonly commands: Command[];
  /** Ordered while it was away: it is armed when it can be, whatever `respawn` says. */
  rearm: boolean;
  /** The number of the newest trigger in its instance, until it comes back: what it may be spent by. */
  fired: number;
  /** Of the clock that never jumps. */
  triggered: number;
  until: number;
  reason?: HoldReason;
  since: number;
}

/** What a keeper needs of the world. */
export interface Surroundings {
  /** ms since 1970; it may jump. */
  wall(): number;
  /** ms of a clock that never jumps. */
  clock(): number;
  runs(instance: string): boolean;
  /** Told when it happens, before anybody else hears of it. */
  readonly saw: {
    triggered(record: Record, command: Command, body: Body | undefined): void;
    ready(record: Record, body: Body): void;
    ended(command: Command): void;
    ordered(order: Order): void;
    spent(record: Record): void;
    troubled(record: Record): void;
  };
}

type Numbered = ProbeEvent | GoneEvent;
/** An event before it has its number and its time. */
type Unnumbered<E extends Numbered = Numbered> = E extends unknown ? Omit<E, 'epoch' | 'seq' | 'at'> : never;

let pids = 1000;

/** A keeper in memory: orders in, events out, as PROTOCOL.md describes it and src/keeper/native/record_*.c do it. */
export class Keeper {
  readonly records = new Map<string, Record>();
  /** Not acknowledged yet. */
  queue: Numbered[] = [];
  readonly #world: Surroundings;
  readonly epoch: string;
  #seq = 0;
  #acknowledged = 0;
  /** It begins nothing new, and ends when it has nothing left. */
  #draining = false;
  /** The newest event that the present daemon was told. */
  #told = 0;

  constructor(epoch: string, world: Surroundings) {
    this.epoch = epoch;
    this.#world = world;
  }

  /** A daemon says hello: it is told again what nobody has acknowledged. */
  hello(): void {
    this.#told = 0;
  }

  /** What the daemon has not been told yet. */
  news(): Numbered[] {
    const news = this.queue.filter(({ seq }) => seq > this.#told);
    this.#told = this.#seq;
    return news;
  }

  list(): ListedRecord[] {
    return [...this.records.values()].map((record) => ({
      id: record.id,
      ...shownTag(record),
      state: record.state,
      since: record.since,
      once: record.state === 'running' && record.definition.respawn === 'never',
      ...(record.armed && { pid: record.armed.pid, title: record.definition.title }),
      ...(record.state === 'cooling' && record.reason && { reason: record.reason, until: record.until }),
      runs: record.commands.map(({ run, firedAt }) => ({ id: run, firedAt, startedAt: firedAt })),
    }));
  }

  /** @returns why it is refused */
  order(order: Order): string | undefined {
    this.#world.saw.ordered(order);
    switch (order.verb) {
      case 'arm':
        if (this.#draining) return 'it drains';
        this.#arm(order.definition);
        return undefined;
      case 'update':
        return this.#update(order.definition);
      case 'disarm':
        this.#disarm(order.id);
        return undefined;
      case 'ack':
        this.queue = this.queue.filter(({ seq }) => seq > order.seq);
        this.#acknowledged = Math.max(this.#acknowledged, order.seq);
        for (const record of this.records.values()) if (record.state === 'removed') this.#settle(record);
        return undefined;
      case 'drain':
        this.#drain();
        return undefined;
      default:
        return undefined;
    }
  }

  #drain(): void {
    this.#draining = true;
    for (const record of this.records.values()) if (record.state === 'cooling') this.#enter(record, 'idle');
  }

  /** It has nothing to stay for. */
  get isDone(): boolean {
    const isIdle = ({ bodies, commands }: Record): boolean => bodies.size === 0 && commands.length === 0;
    return this.#draining && this.queue.length === 0 && [...this.records.values()].every(isIdle);
  }

  #arm(definition: Definition): void {
    const { id } = definition;
    const record = this.records.get(id) ?? this.#make(definition);
    const crossed = this.#crossesTrigger(record, definition);
    record.definition = definition;
    switch (record.state) {
      case 'removing':
      case 'removed':
      case 'idle':
      case 'spent':
      case 'running':
        this.#enter(record, 'running');
        record.rearm ||= !crossed;
        break;
      case 'cooling':
        break;
      case 'entering':
      case 'armed':
        if (record.entering) this.#retire(record, record.entering);
        delete record.entering;
        this.#want(record);
        break;
    }
    this.#settle(record);
  }

  /** Whether who ordered it did not know yet that it was triggered: then what is spent by that stays spent in its instance. */
  #crossesTrigger(record: Record, definition: Definition): boolean {
    if (record.definition.instance !== definition.instance) record.fired = 0;
    return this.#isSpentUnknown(record) && definition.respawn === 'never';
  }

  #isSpentUnknown({ definition, fired }: Record): boolean {
    return definition.respawn === 'never' && fired > this.#acknowledged;
  }

  #update(definition: Definition): string | undefined {
    const record = this.records.get(definition.id);
    if (!record) return 'there is no such probe';
    if (record.state === 'removing' || record.state === 'removed') return 'it is being removed';
    record.definition = definition;
    for (const body of [record.armed, record.entering]) if (body) body.definition = definition;
    this.#settle(record);
    return undefined;
  }

  #disarm(id: string): void {
    const record = this.records.get(id);
    if (!record || record.state === 'removing' || record.state === 'removed') return;
    this.#enter(record, 'removing');
    record.rearm = false;
    this.#retireAll(record);
    this.#settle(record);
  }

  #make(definition: Definition): Record {
    const { id } = definition;
    const record: Record = {
      id,
      definition,
      state: 'idle',
      bodies: new Set(),
      commands: [],
      rearm: false,
      fired: 0,
      triggered: -Infinity,
      until: 0,
      since: this.#world.wall(),
    };
    this.records.set(id, record);
    return record;
  }

  #settle(record: Record): void {
    const { respawn } = record.definition;
    switch (record.state) {
      case 'removing':
      case 'removed':
        if (record.bodies.size > 0) return;
        if (record.state === 'removing') {
          this.#enter(record, 'removed');
          this.#tell({ type: 'removed', id: record.id, instance: record.definition.instance });
        }
        if (record.commands.length === 0 && !this.#isSpentUnknown(record)) this.records.delete(record.id);
        return;
      case 'running':
        if (respawn !== 'immediately' && record.commands.length > 0) return;
        if (respawn === 'never' && !record.rearm) {
          this.#enter(record, 'spent');
          this.#world.saw.spent(record);
          this.#tell({ type: 'spent', id: record.id, instance: record.definition.instance });
          return;
        }
        break;
      case 'cooling':
        break;
      default:
        return;
    }
    record.fired = 0;
    record.rearm = false;
    this.#want(record);
  }

  #want(record: Record): void {
    const { instance, cooldown, concurrency, respawn } = record.definition;
    if (this.#draining && !record.armed) {
      this.#enter(record, 'idle');
      return;
    }
    if (!record.armed) {
      const now = this.#world.clock();
      const reason =
        now < record.triggered + cooldown
          ? 'cooldown'
          : respawn === 'immediately' && record.commands.length >= concurrency
            ? 'concurrency'
            : undefined;
      if (reason) {
        const news = record.state !== 'cooling' || record.reason !== reason;
        this.#enter(record, 'cooling');
        record.reason = reason;
        record.until = reason === 'cooldown' ? record.triggered + cooldown : 0;
        const until = reason === 'cooldown' ? { until: this.#world.wall() + record.until - now } : {};
        if (news) this.#tell({ type: 'held', id: record.id, instance, reason, ...until });
        return;
      }
    }
    if (this.#world.runs(instance)) {
      const { definition } = record;
      const body: Body = { pid: pids++, record, instance, definition, ready: false };
      record.bodies.add(body);
      record.entering = body;
      if (!record.armed) this.#enter(record, 'entering');
      return;
    }
    if (!record.armed) this.#enter(record, 'idle');
    this.#failed(record, 'gone', 3);
  }

  #failed(record: Record, stage: string, errno: number): void {
    this.#world.saw.troubled(record);
    const { id, definition, armed } = record;
    const old = armed ? { pid: armed.pid } : {};
    this.#tell({ type: 'failed', id, instance: definition.instance, stage, errno, ...old });
  }

  /** A process has got in. */
  ready(body: Body): void {
    const { record } = body;
    if (body.death !== undefined || body.ready) return;
    body.ready = true;
    if (record.entering !== body) return;
    delete record.entering;
    if (record.armed) this.#retire(record, record.armed);
    record.armed = body;
    this.#enter(record, 'armed');
    this.#world.saw.ready(record, body);
    const { tag, title, instance } = record.definition;
    this.#tell({ type: 'armed', id: record.id, tag, instance, pid: body.pid, title });
  }

  /** A process could not get in. */
  fail(body: Body): void {
    if (body.death !== undefined || body.ready) return;
    const { record } = body;
    record.bodies.delete(body);
    if (record.entering === body) {
      delete record.entering;
      if (!record.armed) this.#enter(record, 'idle');
      this.#failed(record, 'setuid', 1);
    }
    this.#settle(record);
  }

  /** Notices that a process has died. */
  reap(body: Body): void {
    const { record, death } = body;
    if (death === undefined) return;
    record.bodies.delete(body);
    const wasArmed = record.armed === body;
    const wasEntering = record.entering === body;
    if (wasArmed) delete record.armed;
    if (wasEntering) delete record.entering;
    if (death === 'HUP' && body.ready) {
      if (body.folded) body.folded.folded++;
      else this.#trigger(record, body);
    } else if (wasArmed && record.entering) {
      this.#enter(record, 'entering');
    } else if (wasArmed || wasEntering) {
      if (!record.armed) this.#enter(record, 'idle');
      this.#world.saw.troubled(record);
      const ending = { signal: death === 'HUP' ? 1 : 9 };
      this.#tell({ type: 'died', id: record.id, instance: body.instance, pid: body.pid, ending });
    }
    this.#settle(record);
  }

  #trigger(record: Record, body: Body): void {
    const { id, definition } = record;
    const { instance, respawn } = definition;
    const at = this.#world.wall();
    const run = `${this.epoch}-${this.#seq + 1}`;
    const command: Command = { run, id, instance, firedAt: at, respawn, folded: 0 };
    record.commands.push(command);
    record.fired = this.#seq + 1;
    this.#tell({ type: 'fired', id, instance, run: command.run, by: 'jail', once: respawn === 'never' });
    this.#tell({ type: 'started', id, run: command.run, pid: 9 });
    this.#world.saw.triggered(record, command, body);
    record.triggered = this.#world.clock();
    if (record.state !== 'removing' && record.state !== 'removed') {
      this.#enter(record, 'running');
      record.rearm = false;
    }
    this.#retireAll(record, command);
  }

  /** A command ends. */
  finish(record: Record, command: Command): void {
    record.commands.splice(record.commands.indexOf(command), 1);
    this.#world.saw.ended(command);
    const { run, folded } = command;
    const rest = { duration: 1, ending: { exitCode: 0 }, timedOut: false, folded };
    this.#tell({ type: 'finished', id: record.id, run, ...rest });
    this.#settle(record);
  }

  /** The process that stood for an instance has ended. */
  gone(instance: string): void {
    this.#tell({ type: 'gone', instance });
    for (const record of this.records.values())
      for (const body of record.bodies) if (body.instance === instance) body.death ??= 'KILL';
  }

  /** Time has gone on. */
  wake(): void {
    for (const record of this.records.values())
      if (record.state === 'cooling' && record.until <= this.#world.clock()) this.#settle(record);
  }

  #retire(_: Record, body: Body): void {
    body.death ??= 'KILL';
  }

  #retireAll(record: Record, by?: Command): void {
    delete record.armed;
    delete record.entering;
    for (const body of record.bodies) {
      if (by) body.folded ??= by;
      body.death ??= 'KILL';
    }
  }

  #enter(record: Record, state: RecordState): void {
    if (record.state !== state) record.since = this.#world.wall();
    record.state = state;
  }

  /** A state event of a probe takes the place of an older one that is not acknowledged. */
  #tell(event: Unnumbered): void {
    const numbered = { ...event, epoch: this.epoch, seq: ++this.#seq, at: this.#world.wall() } as Numbered;
    if (isState(numbered))
      this.queue = this.queue.filter((older) => !isState(older) || older.id !== numbered.id);
    this.queue.push(numbered);
  }
}

function isState(event: Numbered): event is Exclude<ProbeEvent, { type: 'fired' | 'started' | 'finished' }> {
  return !['fired', 'started', 'finished', 'gone'].includes(event.type);
}

/** A replacement that failed leaves the older process, and with it the older tag. */
function shownTag({ armed, entering, definition }: Record): { tag: string; instance: string } {
  const { tag, instance } = armed && !entering ? armed.definition : definition;
  return { tag, instance };
}
