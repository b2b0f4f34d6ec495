import type { ProbeConfig } from '../../src/config/config.ts';
import type { Event } from '../../src/event.ts';
import type { Jail, Sighting } from '../../src/jails/jail.ts';
import type { Declared } from '../../src/config/declared.ts';
import { createDesired } from '../../src/plan/desired.ts';
import type { Host } from '../../src/plan/definition.ts';
import { learn } from '../../src/plan/learn.ts';
import { NOTHING_OBSERVED, type Observed } from '../../src/plan/observed.ts';
import { plan, wholeScope, type Plan } from '../../src/plan/plan.ts';
import type { Step } from '../../src/plan/step.ts';

/** What PROTOCOL.md says of a keeper's record, and no more: enough to carry a plan's steps out. */
interface Record {
  state: 'armed' | 'running' | 'spent' | 'idle';
  tag: string;
  instance: string;
  respawn: ProbeConfig['respawn'];
  processes: number;
  runs: string[];
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

/**
 * A world in memory: jails, a keeper as PROTOCOL.md describes it, and the daemon's two pure functions on top.
 * Laws are stated over random histories of it; whether the real keeper keeps its word is for test/keeper to say.
 */
export class World {
  observed: Observed = NOTHING_OBSERVED;
  wanted = new Map<string, Map<string, ProbeConfig>>();
  instances = new Map<string, number>();
  stopped = new Set<string>();
  records = new Map<string, Record>();
  now = 1_000_000;
  /** Every command that ever ran, as `ID@INSTANCE`. */
  readonly commands: string[] = [];
  /** Arms of a `never` probe, by `ID@INSTANCE`. */
  readonly armedAfterSpent: string[] = [];
  #seq = 0;
  #spent = new Set<string>();

  declared(): Declared {
    return {
      jailNames: [...this.wanted.keys()],
      whereabouts: () => ({ by: 'pid', pid: 1 }),
      forJail: (name) => [...(this.wanted.get(name)?.values() ?? [])].map((one) => ({ probe: one })),
    };
  }

  sighting(name: string): Sighting {
    const pid = this.instances.get(name);
    if (pid === undefined || this.stopped.has(name)) return { name, absent: 'not running' };
    const jail: Jail = {
      name,
      kind: 'pid',
      instance: `b:${pid}:0`,
      jid: pid,
      pid,
      entrance: { by: 'pid', pid, start: '0' },
    };
    return { name, jail };
  }

  tell(...events: Event[]): void {
    this.observed = learn(this.observed, events).observed;
  }

  connect(): void {
    this.tell({ type: 'keeper-found', at: this.now, epoch: 'e', pid: 2, version: 1, startedAt: this.now });
    this.list();
  }

  list(): void {
    const records = [...this.records].map(([id, record]) => ({
      id,
      tag: record.tag,
      instance: record.instance,
      state: record.state,
      since: this.now,
      once: record.state === 'running' && record.respawn === 'never',
      ...(record.state === 'armed' && { pid: 7 }),
      runs: record.runs.map((run) => ({ id: run, firedAt: this.now, startedAt: this.now })),
    }));
    this.tell({ type: 'keeper-listed', at: this.now, epoch: 'e', records });
  }

  look(): void {
    const names = new Set([...this.wanted.keys(), ...this.instances.keys()]);
    this.tell({ type: 'sighted', at: this.now, sightings: [...names].map((name) => this.sighting(name)) });
  }

  plan(): Plan {
    const desired = createDesired(this.declared(), this.observed);
    return plan(desired, this.observed, wholeScope(desired, this.observed), this.now, HOST, new WeakMap());
  }

  /** One turn with its steps carried out, and what the keeper says of them learned. */
  turn(): Plan {
    const planned = this.plan();
    for (const step of planned.steps) this.#carryOut(step);
    return planned;
  }

  #event(): { epoch: string; seq: number; at: number } {
    return { epoch: 'e', seq: ++this.#seq, at: this.now };
  }

  #carryOut(step: Step): void {
    if (step.do === 'look') return;
    if (step.do === 'disarm') {
      this.tell({ type: 'disarmed', at: this.now, id: step.id, jail: step.jail });
      this.records.delete(step.id);
      return;
    }
    const { id, tag, instance, respawn } = step.definition;
    this.tell({
      type: 'ordered',
      at: this.now,
      order: step.do,
      want: step.want,
      jail: step.jail,
      tag,
      instance,
    });
    const record = this.records.get(id);
    if (step.do === 'update' || (record && record.state === 'running')) {
      if (record) Object.assign(record, { tag, respawn, ...(step.do === 'arm' && { instance }) });
      // A command that runs holds its probe back only if the definition that holds now says so.
      if (record?.state === 'running' && respawn === 'immediately') this.#rearm(id, record);
      return;
    }
    const alive = [...this.instances].some(
      ([name, pid]) => !this.stopped.has(name) && `b:${pid}:0` === instance,
    );
    if (!alive) {
      this.records.set(id, { state: 'idle', tag, instance, respawn, processes: 0, runs: [] });
      this.tell({ type: 'failed', ...this.#event(), id, instance, stage: 'gone', errno: 3 });
      return;
    }
    if (respawn === 'never' && this.#spent.has(`${id}@${instance}`))
      this.armedAfterSpent.push(`${id}@${instance}`);
    this.records.set(id, { state: 'armed', tag, instance, respawn, processes: 1, runs: record?.runs ?? [] });
    this.tell({ type: 'armed', ...this.#event(), id, tag, instance, pid: 7, title: step.definition.title });
  }

  hup(id: string): void {
    const record = this.records.get(id);
    if (record?.state !== 'armed') return;
    const { epoch, seq, at } = this.#event();
    const run = `e-${seq}`;
    record.state = 'running';
    record.runs.push(run);
    this.commands.push(`${id}@${record.instance}`);
    if (record.respawn === 'never') this.#spent.add(`${id}@${record.instance}`);
    const fired: Event = {
      type: 'fired',
      epoch,
      seq,
      at,
      id,
      instance: record.instance,
      run,
      by: 'jail',
      once: record.respawn === 'never',
    };
    // Told twice: it must not matter.
    this.tell(fired, fired);
    this.tell({ type: 'started', ...this.#event(), id, run, pid: 9 });
    if (record.respawn === 'immediately') this.#rearm(id, record);
  }

  finish(id: string): void {
    const record = this.records.get(id);
    const run = record?.runs.shift();
    if (!record || run === undefined) return;
    this.tell({
      type: 'finished',
      ...this.#event(),
      id,
      run,
      duration: 1,
      ending: { exitCode: 0 },
      timedOut: false,
      folded: 0,
    });
    if (record.respawn === 'never') {
      record.state = 'spent';
      this.tell({ type: 'spent', ...this.#event(), id, instance: record.instance });
    } else if (record.respawn === 'after') this.#rearm(id, record);
  }

  kill(id: string): void {
    const record = this.records.get(id);
    if (record?.state !== 'armed') return;
    record.state = 'idle';
    this.tell({
      type: 'died',
      ...this.#event(),
      id,
      instance: record.instance,
      pid: 7,
      ending: { signal: 9 },
    });
  }

  #rearm(id: string, record: Record): void {
    const alive = [...this.instances].some(
      ([name, pid]) => !this.stopped.has(name) && `b:${pid}:0` === record.instance,
    );
    if (!alive) {
      record.state = 'idle';
      this.tell({ type: 'failed', ...this.#event(), id, instance: record.instance, stage: 'gone', errno: 3 });
      return;
    }
    record.state = 'armed';
    this.tell({
      type: 'armed',
      ...this.#event(),
      id,
      tag: record.tag,
      instance: record.instance,
      pid: 7,
      title: id,
    });
  }

  stopJail(name: string): void {
    if (!this.instances.has(name) || this.stopped.has(name)) return;
    const instance = `b:${this.instances.get(name)}:0`;
    this.stopped.add(name);
    for (const [id, record] of this.records)
      if (record.instance === instance && record.state === 'armed') this.kill(id);
    this.tell({ type: 'gone', ...this.#event(), instance });
  }

  startJail(name: string): void {
    if (!this.stopped.has(name) && this.instances.has(name)) return;
    this.instances.set(name, 100 + this.instances.size + (this.instances.get(name) ?? 0));
    this.stopped.delete(name);
  }

  loseKeeper(): void {
    this.records.clear();
    this.tell({ type: 'keeper-lost', at: this.now, epoch: 'e', why: 'it was killed' });
    this.connect();
  }

  /** No more faults: commands end, jails are looked at, and time goes on until nothing is left to do. */
  calm(): void {
    for (let round = 0; round < 30; round++) {
      for (const [id, record] of this.records) while (record.runs.length > 0) this.finish(id);
      this.look();
      this.now += 120_000;
      this.turn();
    }
  }
}
