import type { Declared } from '../../src/config/declared.ts';
import type { Event } from '../../src/event.ts';
import type { Sighting } from '../../src/jails/jail.ts';
import type { Order } from '../../src/keeper/orders.ts';
import { execute } from '../../src/daemon/execute.ts';
import { factsOf, type Facts } from '../../src/daemon/facts.ts';
import { defineProbe, type Host } from '../../src/plan/definition.ts';
import type { Desired } from '../../src/plan/desired.ts';
import { runningJail, type Observed } from '../../src/plan/observed.ts';
import { jailOf } from '../../src/plan/probe-id.ts';
import { plan, wholeScope, type Plan } from '../../src/plan/plan.ts';
import { createPlanner, type Planner, type Turn } from '../../src/plan/planner.ts';
import type { Wanted } from '../../src/plan/wanted.ts';

/** What outlives a daemon. */
export interface Disk {
  adhoc: Facts['adhoc'];
  spent: Facts['spent'];
  /** By trigger, in order. */
  readonly history: Map<string, { readonly id: string; readonly jail: string; readonly firedAt: number }>;
}

export const HOST: Host = {
  digest: (text) => {
    let hash = 0;
    for (const c of text) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) | 0;
    return (hash >>> 0).toString(16);
  },
  outputBytes: 1024,
  user: { name: 'root', home: '/root', shell: '/bin/sh' },
};

/** Somebody who looks on: the world before a turn, and what that turn learns. */
export type Watch = (before: Observed, events: readonly Event[]) => void;

/** Gives an order to the keeper of this epoch; without one, to the current keeper. */
export type Send = (order: Order, epoch?: string) => void;

/** The daemon's loop as daemon/loop.ts has it, without its timers and files. */
export class Daemon {
  readonly #planner: Planner;
  #queue: Event[] = [];
  /** Of each keeper. */
  readonly #seen = new Map<string, number>();
  readonly #disk: Disk;
  readonly #watch: Watch;
  readonly #send: Send;

  constructor(declared: Declared, disk: Disk, send: Send, watch: Watch) {
    this.#planner = createPlanner({ declared, host: HOST });
    this.#disk = disk;
    this.#send = send;
    this.#watch = watch;
  }

  get observed(): Observed {
    return this.#planner.observed;
  }

  get desired(): Desired {
    return this.#planner.desired;
  }

  hear(event: Event): void {
    this.#queue.push(event);
  }

  reload(declared: Declared, sightings: readonly Sighting[], at: number): void {
    this.#planner.adopt({ declared, host: HOST });
    this.hear({ type: 'sighted', at, sightings });
    for (const adhoc of this.observed.adhoc.values())
      if (declared.forJail(adhoc.jail).some(({ probe }) => probe.title === adhoc.probe.title))
        this.hear({ type: 'detached', at, id: adhoc.id, why: 'the file declares its title' });
    this.hear({ type: 'configured', at, generation: 2, file: 'f' });
  }

  /** It is killed in the middle of a turn: what it has heard is in the history, and nothing follows from it. */
  write(): void {
    for (const event of this.#queue) this.#record(event);
  }

  /** @returns what was done, but for looks: the world lets itself be looked at when it pleases */
  turn(now: number, whole = false): Turn {
    const events = this.#queue;
    this.#queue = [];
    for (const event of events) this.#record(event);
    this.#watch(this.observed, events);
    const planned = this.#planner.turn(events, now, whole);
    const hands = {
      send: (order: Order) => this.#send(order),
      release: (epoch: string, id: string) => this.#send({ verb: 'disarm', id }, epoch),
      look: () => {},
      now: () => now,
    };
    this.#planner.carriedOut(planned.steps.flatMap((step) => execute(step, hands)));
    Object.assign(this.#disk, factsOf(this.observed));
    for (const [epoch, seq] of this.#seen) this.#send({ verb: 'ack', seq }, epoch);
    this.#seen.clear();
    return { ...planned, steps: planned.steps.filter((step) => step.do !== 'look') };
  }

  fullPlan(now: number): void {
    this.turn(now, true);
  }

  /** What a plan of everything would do now. */
  whole(now: number): Plan {
    const scope = wholeScope(this.desired, this.observed);
    return plan(this.desired, this.observed, scope, now, HOST, new WeakMap());
  }

  #record(event: Event): void {
    if ('seq' in event) this.#seen.set(event.epoch, event.seq);
    if (event.type === 'fired') this.#write(event.run, event.id, event.at);
    if (event.type === 'orphaned')
      for (const { run, id, startedAt } of event.commands) this.#write(run, id, startedAt);
  }

  /** A line is written again, perhaps; it is read once. */
  #write(run: string, id: string, firedAt: number): void {
    const { history } = this.#disk;
    if (!history.has(run)) history.set(run, { id, jail: jailOf(this.observed, id), firedAt });
  }

  /** What is to be planned again by itself. */
  get next(): number {
    return this.#planner.wakeAt;
  }

  isFree(jail: string, title: string): boolean {
    return ![...this.desired.forJail(jail).values()].some(({ probe }) => probe.title === title);
  }

  wanted(id: string): Wanted | undefined {
    return this.desired.forJail(jailOf(this.observed, id)).get(id);
  }

  tagOf(id: string): string | undefined {
    const want = this.wanted(id);
    const jail = runningJail(this.observed.jails.get(jailOf(this.observed, id)));
    return want && jail && defineProbe(id, want.probe, jail, HOST).tag;
  }
}
