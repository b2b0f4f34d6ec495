import type { ProbeConfig } from '../../src/config/config.ts';
import type { Declared } from '../../src/config/declared.ts';
import type { Event } from '../../src/event.ts';
import type { Jail, Sighting } from '../../src/jails/jail.ts';
import type { Order } from '../../src/keeper/orders.ts';
import { partsOf } from '../../src/keeper/trigger-id.ts';
import type { LastTrigger } from '../../src/plan/observed.ts';
import { Daemon, type Disk, type Watch } from './daemon.ts';
import { Keeper, type Body, type Command, type Record, type Surroundings } from './keeper.ts';

export function probe(key: string, changes: Partial<ProbeConfig> = {}): ProbeConfig {
  return {
    key,
    title: key,
    enabled: true,
    argv: ['/bin/sh', '-c', 'true'],
    uid: 0,
    gid: 0,
    groups: [],
    respawn: 'never',
    timeout: 0,
    killAfter: 10_000,
    cooldown: 0,
    concurrency: 10,
    cwd: '/',
    env: {},
    receipt: false,
    origin: { file: '/etc/jaildaemon.yml', line: 1, column: 1 },
    ...changes,
  };
}

/** A promise that was broken, and what happened. */
export interface Fault {
  readonly law: 'spent' | 'overlap' | 'early' | 'two processes' | 'back-off' | 'exactly once';
  readonly what: string;
}

/** Names of jails; `twin` is where `web` is, under another name. */
export type JailName = 'web' | 'db' | 'twin';
export const JAILS: readonly JailName[] = ['web', 'db', 'twin'];

/**
 * A world in memory: jails, a keeper as PROTOCOL.md describes it, and a daemon of the two pure functions, with the
 * messages between them under way for as long as it pleases. Laws are stated over random histories of it; whether the real
 * keeper keeps its word is for test/keeper to say.
 */
export class World implements Surroundings {
  now = 1_800_000_000_000;
  #clock = 0;
  /** Of the file: by jail. */
  readonly file = new Map<string, Map<string, ProbeConfig>>();
  readonly #pids = new Map<JailName, number>();
  #nextPid = 100;
  /** The current one. */
  keeper: Keeper;
  /** Those that leave. */
  readonly older = new Set<Keeper>();
  /** Asked for their list, which has not come yet. */
  readonly #unlisted = new Set<Keeper>();
  #keepers = 0;
  daemon: Daemon | undefined;
  disk: Disk = { adhoc: [], spent: [], history: new Map() };
  /** Between daemon and keepers. */
  #orders: { readonly to: Keeper; readonly order: Order }[] = [];
  #goneUntold: string[] = [];
  #markers = new Map<string, Command & { readonly ended?: boolean }>();
  readonly faults: Fault[] = [];
  #spent = new Set<string>();
  /** Also those that a change of `respawn` has let go. */
  readonly #everSpent = new Set<string>();
  #running = new Set<Command>();
  readonly triggers = new Map<string, number>();
  #troubles = new Map<string, { at: number; jumps: number }>();
  #jumps = 0;
  #adhocs = 0;
  refuseNext = false;

  readonly #watch: Watch;

  constructor(watch: Watch = () => {}) {
    this.#watch = watch;
    this.keeper = this.#newKeeper();
    this.startDaemon();
  }

  wall(): number {
    return this.now;
  }

  clock(): number {
    return this.#clock;
  }

  // ---- jails

  runs(instance: string): boolean {
    return [...this.#pids.values()].some((pid) => instanceOf(pid) === instance);
  }

  startJail(name: JailName): void {
    const real = name === 'twin' ? 'web' : name;
    if (this.#pids.has(real)) return;
    this.#pids.set(real, this.#nextPid++);
  }

  stopJail(name: JailName): void {
    const real = name === 'twin' ? 'web' : name;
    const pid = this.#pids.get(real);
    if (pid === undefined) return;
    this.#pids.delete(real);
    for (const body of this.bodies()) if (body.instance === instanceOf(pid)) body.death ??= 'KILL';
    this.#goneUntold.push(instanceOf(pid));
  }

  isRunning(name: string): boolean {
    return this.#pids.has(name === 'twin' ? 'web' : (name as JailName));
  }

  sighting(name: string): Sighting {
    const pid = this.#pids.get(name === 'twin' ? 'web' : (name as JailName));
    if (pid === undefined) return { name, absent: 'not running' };
    const jail: Jail = {
      name,
      kind: 'pid',
      instance: instanceOf(pid),
      jid: pid,
      pid,
      pidNamespace: `pid:[${pid}]`,
      entrance: { by: 'pid', pid, start: '0' },
    };
    return { name, jail };
  }

  look(...names: readonly string[]): void {
    const all = names.length > 0 ? names : JAILS;
    this.daemon?.hear({ type: 'sighted', at: this.now, sightings: all.map((name) => this.sighting(name)) });
  }

  // ---- the file, and ad hoc probes

  declared(): Declared {
    const file = new Map([...this.file].map(([name, probes]) => [name, [...probes.values()]]));
    return {
      jailNames: [...file.keys()],
      jids: [],
      whereabouts: () => ({ by: 'pid', pid: 1 }),
      forJail: (name) => (file.get(name) ?? []).map((one) => ({ probe: one })),
    };
  }

  declare(jail: JailName, key: string, changes: Partial<ProbeConfig> = {}): void {
    const probes = this.file.get(jail) ?? new Map<string, ProbeConfig>();
    probes.set(key, probe(key, changes));
    this.file.set(jail, probes);
  }

  undeclare(jail: JailName, key: string): void {
    const probes = this.file.get(jail);
    probes?.delete(key);
    if (probes?.size === 0) this.file.delete(jail);
  }

  reload(): void {
    this.daemon?.reload(
      this.declared(),
      JAILS.map((name) => this.sighting(name)),
      this.now,
    );
  }

  /** Nobody wants anything any more, and no jail runs. */
  abandon(): void {
    this.file.clear();
    this.startDaemon();
    this.reload();
    for (let number = 1; number <= this.#adhocs; number++) this.detach(number);
    for (const name of JAILS) this.stopJail(name);
    this.look();
  }

  attach(jail: JailName, title: string, respawn: ProbeConfig['respawn']): void {
    const sighting = this.sighting(jail);
    if (!('jail' in sighting) || !this.daemon?.isFree(jail, title)) return;
    const number = ++this.#adhocs;
    const adhoc = {
      id: `adhoc/${number}`,
      jail,
      instance: sighting.jail.instance,
      whereabouts: { by: 'pid', pid: sighting.jail.pid ?? 0 } as const,
      probe: probe(String(number), { title, respawn }),
    };
    this.daemon.hear({ type: 'sighted', at: this.now, sightings: [sighting] });
    this.daemon.hear({ type: 'attached', at: this.now, adhoc });
  }

  detach(number: number): void {
    this.daemon?.hear({ type: 'detached', at: this.now, id: `adhoc/${number}`, why: 'removed' });
  }

  // ---- daemon and keeper

  startDaemon(): void {
    if (this.daemon) return;
    const { history } = this.disk;
    const daemon = new Daemon(this.declared(), this.disk, (...order) => this.#send(...order), this.#watch);
    this.daemon = daemon;
    const past = new Map<string, { jail: string; runs: number; last: LastTrigger }>();
    for (const [run, { id, jail, firedAt }] of history)
      past.set(id, { jail, runs: (past.get(id)?.runs ?? 0) + 1, last: { run, firedAt } });
    this.daemon.hear({ type: 'remembered', at: this.now, adhoc: this.disk.adhoc, spent: this.disk.spent });
    this.daemon.hear({
      type: 'recalled',
      at: this.now,
      probes: [...past].map(([id, what]) => ({ id, ...what })),
      newest: [...history.keys()].map((run) => partsOf(run)),
    });
    this.daemon.hear({ type: 'configured', at: this.now, generation: 1, file: 'f' });
    this.look();
    this.turn();
    this.#connect(this.keeper);
    for (const older of this.older) this.#depart(older);
    this.#tellOrphans();
  }

  #send(order: Order, epoch = this.keeper.epoch): void {
    if (order.verb !== 'ack' && this.#unlisted.size > 0)
      this.#fault('early', `${order.verb} was ordered before every keeper had told what it has`);
    const to = [...this.keepers()].find((keeper) => keeper.epoch === epoch);
    if (!to) return;
    this.#orders.push({ to, order });
    this.#letGo(order);
  }

  /** A change of `respawn` away from `never`, when it is ordered and, of a trigger that it crosses, when it arrives. */
  #letGo(order: Order): void {
    if (!('definition' in order) || order.definition.respawn === 'never') return;
    for (const key of this.#spent) if (key.startsWith(`${order.definition.id}@`)) this.#spent.delete(key);
  }

  killDaemon(when: 'waiting' | 'writing' = 'waiting'): void {
    // What it has sent is in the socket, and is still read.
    this.deliverOrders();
    if (when === 'writing') {
      this.deliverNews();
      this.daemon?.write();
    }
    this.daemon = undefined;
    this.#unlisted.clear();
    this.#troubles.clear();
  }

  /** The probes of the current one move to another. */
  replaceKeeper(): void {
    if (!this.daemon) return;
    const older = this.keeper;
    this.keeper = this.#newKeeper();
    this.older.add(older);
    this.#troubles.clear();
    this.#connect(this.keeper);
    this.#depart(older);
  }

  killOlder(): void {
    const [older] = this.older;
    if (!older) return;
    this.deliverNews();
    this.#bury(older);
    this.older.delete(older);
    this.daemon?.hear({ ...this.#lost(older, 'it was killed'), leaving: true });
    if (this.daemon) this.#tellOrphans();
  }

  /** Every process of a probe dies with it; commands go on. */
  killKeeper(): void {
    // What it has sent is in the socket, and is still read.
    this.deliverNews();
    // A new keeper tries at once what failed for an older one.
    this.#troubles.clear();
    const dead = this.keeper;
    this.#bury(dead);
    this.keeper = this.#newKeeper();
    if (!this.daemon) return;
    this.daemon.hear(this.#lost(dead, 'it was killed'));
    this.#connect(this.keeper);
    this.#tellOrphans();
  }

  #lost({ epoch }: Keeper, why: string): Extract<Event, { type: 'keeper-lost' }> {
    return { type: 'keeper-lost', at: this.now, epoch, why };
  }

  /** Of a keeper that is dead only the markers of its commands are left. */
  #bury(dead: Keeper): void {
    for (const record of dead.records.values()) {
      for (const command of record.commands) this.#markers.set(command.run, command);
      // What has become `never` while its command ran is spent by that, as it would be if its keeper lived.
      if (record.state === 'running' && this.#orderedNever(record.id))
        this.#everSpent.add(`${record.id}@${record.definition.instance}`);
    }
    if (!this.daemon) this.#forgetUntold(dead);
    this.#orders = this.#orders.filter(({ to }) => to !== dead);
    this.#unlisted.delete(dead);
  }

  #orderedNever(id: string): boolean {
    const jails = [...(this.daemon?.observed.jails.values() ?? [])];
    return jails.some(({ probes }) => probes.get(id)?.ordered?.probe.respawn === 'never');
  }

  /** Nobody can know of triggers that only a dead keeper knew, and whose commands are over: the one window. */
  #forgetUntold(dead: Keeper): void {
    for (const event of dead.queue)
      if (
        event.type === 'fired' &&
        event.once &&
        !this.disk.history.has(event.run) &&
        !this.#markers.has(event.run)
      )
        this.#spent.delete(`${event.id}@${event.instance}`);
  }

  #newKeeper(): Keeper {
    return new Keeper(`0000000${++this.#keepers}`.slice(-8), this);
  }

  *keepers(): Generator<Keeper> {
    yield this.keeper;
    yield* this.older;
  }

  #found(keeper: Keeper): Extract<Event, { type: 'keeper-found' }> {
    this.#unlisted.add(keeper);
    const { epoch } = keeper;
    return { type: 'keeper-found', at: this.now, epoch, pid: 2, version: 2, startedAt: this.now };
  }

  #connect(keeper: Keeper): void {
    keeper.hello();
    this.daemon?.hear(this.#found(keeper));
  }

  #depart(older: Keeper): void {
    older.hello();
    this.daemon?.hear({ ...this.#found(older), leaving: true });
    this.#orders.push({ to: older, order: { verb: 'drain' } });
  }

  #tellOrphans(): void {
    const left = [...this.#markers.values()];
    const commands = left.map(({ run, id, instance, firedAt, respawn }) => {
      const marker = { run, id, instance, pid: 9, startedAt: firedAt, bootTime: 1, by: 'jail' as const };
      return { ...marker, once: respawn === 'never', told: this.disk.history.has(run) };
    });
    if (left.length > 0) this.daemon?.hear({ type: 'orphaned', at: this.now, commands });
    this.lookAtOrphans();
  }

  /** One of the keepers tells its list: who was asked for it first, or the current one once more. */
  list(): void {
    if (!this.daemon) return;
    const [keeper = this.keeper] = this.#unlisted;
    this.deliverOrders();
    this.deliverNews();
    this.#unlisted.delete(keeper);
    const records = keeper.list();
    // Also what became `never` while its command ran: it will be spent, if its keeper lives that long.
    for (const { id, instance, once } of records) if (once) this.#everSpent.add(`${id}@${instance}`);
    this.daemon.hear({ type: 'keeper-listed', at: this.now, epoch: keeper.epoch, records });
  }

  deliverOrders(count = Infinity): void {
    for (let n = 0; n < count; n++) {
      const next = this.#orders.shift();
      if (!next) break;
      const { to, order } = next;
      const refuse = this.refuseNext && order.verb === 'arm';
      if (refuse) this.refuseNext = false;
      const why = refuse ? 'there is no memory' : to.order(order);
      if (why === undefined || !('definition' in order) || to !== this.keeper) continue;
      this.deliverNews();
      const { id } = order.definition;
      if (order.verb === 'arm') this.#troubles.set(troubleKey(order.definition), this.#trouble());
      this.daemon?.hear({ type: 'order-refused', at: this.now, id, verb: order.verb, why });
    }
    for (const older of this.older) this.#endIfDone(older);
  }

  #endIfDone(older: Keeper): void {
    if (!older.isDone) return;
    this.#bury(older);
    this.older.delete(older);
    this.daemon?.hear({ ...this.#lost(older, 'it has ended'), leaving: true });
  }

  deliverNews(): void {
    if (!this.daemon) return;
    for (const keeper of this.keepers()) for (const event of keeper.news()) this.daemon.hear(event);
  }

  turn(): void {
    this.daemon?.turn(this.now);
  }

  fullPlan(): void {
    this.daemon?.fullPlan(this.now);
  }

  // ---- processes

  *bodies(): Generator<Body> {
    for (const keeper of this.keepers()) for (const record of keeper.records.values()) yield* record.bodies;
  }

  #bodiesByKeeper(): (readonly [Keeper, Body])[] {
    return [...this.keepers()].flatMap((keeper) =>
      [...keeper.records.values()].flatMap(({ bodies }) =>
        [...bodies].map((body) => [keeper, body] as const),
      ),
    );
  }

  /** All who have this title, in all jails. */
  signal(id: string, death: 'HUP' | 'KILL'): void {
    for (const body of this.bodies()) {
      if (body.record.id !== id || !body.ready || body.death !== undefined) continue;
      body.death = death;
    }
  }

  enter(outcome: 'ready' | 'fail'): void {
    for (const [keeper, body] of this.#bodiesByKeeper()) keeper[outcome](body);
  }

  reap(): void {
    for (const [keeper, body] of this.#bodiesByKeeper()) keeper.reap(body);
  }

  noticeGone(): void {
    for (const instance of this.#goneUntold.splice(0))
      for (const keeper of this.keepers()) keeper.gone(instance);
  }

  finish(id?: string): void {
    for (const keeper of this.keepers())
      for (const record of Array.from(keeper.records.values()))
        for (const command of Array.from(record.commands))
          if (id === undefined || id === record.id) keeper.finish(record, command);
  }

  /** Commands whose keeper has died. */
  finishOrphans(): void {
    for (const [run, command] of this.#markers) {
      this.#running.delete(this.#live(run));
      this.#markers.set(run, { ...command, ended: true });
    }
  }

  #live(run: string): Command {
    for (const command of this.#running) if (command.run === run) return command;
    return { run, id: '', instance: '', firedAt: 0, respawn: 'never', folded: 0 };
  }

  lookAtOrphans(): void {
    if (!this.daemon) return;
    for (const [run, command] of this.#markers) {
      if (!command.ended) continue;
      this.daemon.hear({ type: 'orphan-ended', at: this.now, id: command.id, run, told: false });
      this.#markers.delete(run);
    }
  }

  // ---- time

  wait(ms: number): void {
    this.now += ms;
    this.#clock += ms;
    for (const keeper of this.keepers()) keeper.wake();
  }

  /** Somebody sets the clock. */
  jump(ms: number): void {
    this.now += ms;
    this.#jumps++;
  }

  /** A little of everything that is under way. */
  settle(): void {
    for (let n = this.#unlisted.size; n > 0; n--) this.list();
    this.deliverOrders();
    this.noticeGone();
    this.enter('ready');
    this.reap();
    this.lookAtOrphans();
    this.deliverNews();
    this.turn();
  }

  /** No more faults: commands end, and time goes on until nothing is left to do. @param full with the plan of everything each minute */
  calm(full: boolean): void {
    this.refuseNext = false;
    this.startDaemon();
    for (let round = 0; round < 14; round++) {
      this.finish();
      this.finishOrphans();
      this.settle();
      this.settle();
      this.look();
      this.wait(61_000);
      if (full) this.fullPlan();
    }
    this.settle();
    this.settle();
  }

  // ---- what the laws look at

  #trouble(): { at: number; jumps: number } {
    return { at: this.#clock, jumps: this.#jumps };
  }

  #forgetTroubles(id: string): void {
    for (const key of this.#troubles.keys()) if (key.startsWith(`${id} `)) this.#troubles.delete(key);
  }

  #fault(law: Fault['law'], what: string): void {
    this.faults.push({ law, what });
  }

  #spend(id: string, instance: string): void {
    this.#spent.add(`${id}@${instance}`);
    this.#everSpent.add(`${id}@${instance}`);
  }

  /** Triggers that anybody can know of: not those that only a dead keeper knew. By probe. */
  get known(): Map<string, number> {
    const known = new Map<string, number>();
    for (const { id } of this.disk.history.values()) known.set(id, (known.get(id) ?? 0) + 1);
    return known;
  }

  isSpent(id: string, instance: string): boolean {
    return this.#spent.has(`${id}@${instance}`);
  }

  readonly saw: Surroundings['saw'] = {
    triggered: (record, command, body) => {
      const { id, definition } = record;
      this.triggers.set(id, (this.triggers.get(id) ?? 0) + 1);
      if (definition.respawn === 'never') this.#spend(id, definition.instance);
      if (body?.folded) this.#fault('exactly once', `${id} ran twice for one HUP`);
      if (command.respawn !== 'immediately')
        for (const other of this.#running)
          if (other.id === id && other.respawn !== 'immediately')
            this.#fault('overlap', `${command.run} began while ${other.run} of ${id} ran`);
      this.#running.add(command);
      this.#forgetTroubles(id);
    },
    ended: (command) => {
      this.#running.delete(command);
    },
    ready: (record) => {
      const { id, definition } = record;
      if (definition.respawn === 'never' && this.isSpent(id, definition.instance))
        this.#fault('spent', `${id} is armed again in ${definition.instance}`);
      const alive = [...this.bodies()].filter(
        (body) => body.record.id === id && body.ready && body.death === undefined,
      );
      if (alive.length > 1) this.#fault('two processes', `${id} has ${alive.length}`);
    },
    ordered: (order) => {
      this.#letGo(order);
      if (order.verb !== 'arm') return;
      const trouble = this.#troubles.get(troubleKey(order.definition));
      if (trouble && trouble.jumps === this.#jumps && this.#clock < trouble.at + 250)
        this.#fault(
          'back-off',
          `${order.definition.id} is armed ${this.#clock - trouble.at} ms after a failure`,
        );
    },
    spent: ({ id, definition }) => {
      this.#spend(id, definition.instance);
    },
    troubled: (record: Record) => {
      // In an older keeper it is no trouble of the current one.
      if (this.keeper.records.get(record.id) !== record) return;
      for (const key of this.#troubles.keys())
        if (key.startsWith(`${record.id} `)) this.#troubles.delete(key);
      this.#troubles.set(troubleKey(record.definition), this.#trouble());
    },
  };

  /** What is not as the file and `-c` want it, when all is calm. */
  differences(): string[] {
    const found: string[] = [];
    const desired = this.daemon?.desired;
    if (!desired) return ['there is no daemon'];
    const expected = new Set<string>();
    for (const { epoch } of this.older) found.push(`keeper ${epoch} has not left`);
    for (const name of desired.jailNames) {
      for (const want of desired.forJail(name).values()) {
        const record = this.keeper.records.get(want.id);
        const sighting = this.sighting(name);
        const instance = 'jail' in sighting ? sighting.jail.instance : '';
        if (want.clash !== undefined || !this.isRunning(name)) continue;
        if (want.probe.respawn === 'never' && this.isSpent(want.id, instance)) {
          expected.add(want.id);
          if (record && record.state !== 'spent') found.push(`${want.id} is ${record.state}, not spent`);
          continue;
        }
        expected.add(want.id);
        // It was another mode for a moment, which nobody saw in time.
        const mayBeSpent = want.probe.respawn === 'never' && this.#everSpent.has(`${want.id}@${instance}`);
        if (mayBeSpent && (!record || record.state === 'spent')) continue;
        if (record?.state !== 'armed') found.push(`${want.id} is ${record?.state ?? 'nowhere'}, not armed`);
        else if (record.definition.tag !== this.daemon?.tagOf(want.id))
          found.push(`${want.id} has an older definition`);
        else if (record.definition.instance !== instance) found.push(`${want.id} is in an older instance`);
      }
    }
    for (const record of this.keeper.records.values())
      if (!expected.has(record.id) && (record.state !== 'idle' || record.bodies.size > 0))
        found.push(`${record.id} is ${record.state}, and nobody wants it`);
    return found;
  }

  hear(event: Event): void {
    this.daemon?.hear(event);
  }
}

function instanceOf(pid: number): string {
  return `b:${pid}:0`;
}

function troubleKey({ id, instance, tag }: { id: string; instance: string; tag: string }): string {
  return `${id} ${instance} ${tag}`;
}
