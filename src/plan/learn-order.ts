import type { Event } from '../event.ts';
import { forget } from './draft.ts';
import type { Held, ObservedProbe } from './observed.ts';
import { trouble } from './trouble.ts';

/** An order is on its way to the keeper. */
export function learnOrdered(
  probe: ObservedProbe,
  event: Extract<Event, { type: 'ordered' }>,
): ObservedProbe {
  const { tag, instance, at } = event;
  const held = probe.held;
  if (event.order === 'update' && held) return { ...probe, held: { ...held, tag, updated: true } };
  if (held?.state === 'armed') return { ...probe, held: { ...forget(held, 'updated'), replacedBy: tag } };
  if (held && (held.state === 'running' || held.state === 'cooling'))
    return { ...probe, held: { ...forget(held, 'updated'), tag, instance } };
  const armed: ObservedProbe = { ...probe, held: { state: 'entering', tag, instance }, since: at };
  return forget(armed, 'spentIn');
}

/**
 * The keeper refused an order: what it had, it has. With the same words it would refuse again, so there is a back-off.
 *
 * @param now the instance of its jail that runs: what was refused was meant for that
 */
export function learnRefused(
  probe: ObservedProbe,
  event: Extract<Event, { type: 'order-refused' }>,
  now: string | undefined,
): ObservedProbe {
  const { verb, why, at } = event;
  const { held } = probe;
  // Disarmed meanwhile, or there was nothing to disarm.
  if (!held) return probe;
  if (verb === 'disarm') return forget(probe, 'held');
  const tag = held.replacedBy ?? held.tag;
  const refused = trouble(probe, { kind: 'refused', why, instance: now ?? held.instance, tag, at });
  return { ...probe, held: heldStill(held), trouble: refused, since: at };
}

/** By which definition, nobody knows any more, unless it was to be replaced. */
function heldStill(held: Held): Held {
  if (held.replacedBy !== undefined) return forget(held, 'replacedBy');
  return { ...held, tag: '', ...(held.state === 'entering' && { state: 'idle' }) };
}
