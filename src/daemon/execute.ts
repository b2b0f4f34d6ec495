import type { Event } from '../event.ts';
import type { Order } from '../keeper/orders.ts';
import type { Step } from '../plan/step.ts';

/** What the steps need of the world. */
export interface Hands {
  /** Gives an order to the keeper. */
  send(order: Order): void;
  /** Has an older keeper take a probe away. */
  release(epoch: string, id: string): void;
  /** Looks at these jails soon and posts what is seen. */
  look(jails: readonly string[]): void;
  now(): number;
}

type Executor<S extends Step> = (step: S, hands: Hands) => readonly Event[];

const order: Executor<Extract<Step, { do: 'arm' | 'update' }>> = (step, hands) => {
  const { definition, want, jail } = step;
  hands.send({ verb: step.do, definition });
  return [
    {
      type: 'ordered',
      at: hands.now(),
      order: step.do,
      want,
      jail,
      tag: definition.tag,
      instance: definition.instance,
    },
  ];
};

/** Step → function. Each gives back the events that are known by having done it. */
const EXECUTORS: { [D in Step['do']]: Executor<Extract<Step, { do: D }>> } = {
  arm: order as Executor<never>,
  update: order as Executor<never>,
  disarm: ({ id, jail }, hands) => {
    hands.send({ verb: 'disarm', id });
    return [{ type: 'disarmed', at: hands.now(), id, jail }];
  },
  release: ({ id, jail, epoch }, hands) => {
    hands.release(epoch, id);
    return [{ type: 'releasing', at: hands.now(), epoch, id, jail }];
  },
  look: ({ jails }, hands) => {
    hands.look(jails);
    return [];
  },
};

/** Carries out one step. */
export function execute(step: Step, hands: Hands): readonly Event[] {
  return (EXECUTORS[step.do] as Executor<Step>)(step, hands);
}
