import type { Entrance } from '../jails/jail.ts';
import type { Fields } from './frame.ts';

/** All that the keeper needs to arm a probe and to run its command alone (PROTOCOL.md, "A definition"). */
export interface Definition {
  readonly id: string;
  /** `BODY-REST`: two digests; equal first halves mean that the same process can go on. */
  readonly tag: string;
  readonly title: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly instance: string;
  readonly entrance: Entrance;
  readonly respawn: 'never' | 'after' | 'immediately';
  readonly receipt: boolean;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly runAs?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };
  readonly timeout: number;
  readonly killAfter: number;
  readonly cooldown: number;
  readonly concurrency: number;
  readonly output: number;
}

/** What the daemon may order. `ref` asks for an answer. */
export type Order =
  | { readonly verb: 'limits'; readonly budget: number; readonly brake: number; readonly brakeWindow: number }
  | { readonly verb: 'arm' | 'update'; readonly definition: Definition }
  | { readonly verb: 'disarm'; readonly id: string }
  | { readonly verb: 'fire'; readonly id: string; readonly ref: number }
  | { readonly verb: 'list' | 'drain' }
  | { readonly verb: 'ack'; readonly seq: number }
  | { readonly verb: 'quit'; readonly grace: number };

function definitionFields(d: Definition): Fields {
  return {
    key: d.id,
    tag: d.tag,
    title: d.title,
    uid: d.uid,
    gid: d.gid,
    groups: d.groups.length > 0 ? d.groups.join(',') : undefined,
    instance: d.instance,
    ...entranceFields(d.entrance),
    respawn: d.respawn,
    receipt: d.receipt ? 1 : undefined,
    arg: d.argv,
    env: d.env,
    cwd: d.cwd,
    run_uid: d.runAs?.uid,
    run_gid: d.runAs?.gid,
    run_groups: d.runAs && d.runAs.groups.length > 0 ? d.runAs.groups.join(',') : undefined,
    timeout: d.timeout,
    kill_after: d.killAfter,
    cooldown: d.cooldown,
    concurrency: d.concurrency,
    output: d.output,
  };
}

function entranceFields(entrance: Entrance): Fields {
  switch (entrance.by) {
    case 'pid':
      return { enter: 'pid', pid: entrance.pid, start: entrance.start };
    case 'chroot':
      return {
        enter: 'chroot',
        root: entrance.root,
        dev: entrance.dev,
        ino: entrance.ino,
        mount: entrance.mount === true ? 1 : undefined,
      };
    case 'jail':
      return {
        enter: 'jail',
        jid: entrance.jid,
        dev: entrance.dev,
        ino: entrance.ino,
        name: entrance.name,
      };
  }
}

/** An order's fields as they go into its frame. */
export function orderFields(order: Order): Fields {
  switch (order.verb) {
    case 'arm':
    case 'update':
      return definitionFields(order.definition);
    case 'disarm':
      return { key: order.id };
    case 'fire':
      return { key: order.id, ref: order.ref };
    case 'limits':
      return { budget: order.budget, brake: order.brake, brake_window: order.brakeWindow };
    case 'ack':
      return { seq: order.seq };
    case 'quit':
      return { grace: order.grace };
    case 'list':
    case 'drain':
      return {};
  }
}
