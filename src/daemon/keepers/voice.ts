import type { Event } from '../../event.ts';
import type { Message } from '../../keeper/messages.ts';
import type { Member } from './member.ts';

/** Who is told what a keeper says. */
export interface Ears {
  readonly post: (event: Event) => void;
  /** It has told who it is. */
  readonly greeted: (member: Member) => void;
  /** The kernel told it that jails have come or gone. */
  readonly lookAround: () => void;
  /** Another daemon has taken it over. */
  readonly superseded: () => void;
}

/** Takes a keeper's word: as an event, wherever it is one. */
export function take(member: Member, said: Message, ears: Ears): void {
  const { epoch } = member;
  switch (said.type) {
    case 'hello':
      member.hello = said;
      member.pid = said.pid;
      member.hear();
      ears.greeted(member);
      return;
    case 'record':
      member.records.push(said.record);
      return;
    case 'listed': {
      const { records } = member;
      member.records = [];
      ears.post({ type: 'keeper-listed', at: Date.now(), epoch, records });
      member.departure?.listed(records);
      return;
    }
    case 'refused':
      // Of a probe that has gone from an older keeper meanwhile, `removed` says so.
      if (member.role === 'current') ears.post(refusal(said));
      return;
    case 'superseded':
      ears.superseded();
      return;
    case 'look':
      ears.lookAround();
      return;
    case 'foreign':
      if (said.seq !== undefined) ears.post({ type: 'keeper-foreign', at: Date.now(), epoch, seq: said.seq });
      return;
    case 'ok':
      return;
    default:
      ears.post(said);
  }
}

function refusal({ id, verb, why }: Extract<Message, { type: 'refused' }>): Event {
  const at = Date.now();
  if (id !== undefined) return { type: 'order-refused', at, id, verb, why };
  return { type: 'daemon', at, level: 'error', what: `the keeper refused an order: ${verb}`, why };
}
