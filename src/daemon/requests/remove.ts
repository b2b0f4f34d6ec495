import { Complaint, EXIT, textArgument } from '../../control/protocol.ts';
import type { Handler } from '../../control/server.ts';
import type { Services } from './services.ts';

/** `remove ID`: takes an ad hoc probe away. */
export function removeHandler({ loop }: Services): Handler {
  return async (args) => {
    const id = textArgument(args, 'id', 64);
    const adhoc = loop.observed.adhoc.get(id);
    if (!adhoc)
      throw new Complaint(
        EXIT.failed,
        `there is no ad hoc probe ${JSON.stringify(id)}`,
        '"jaildaemon status" lists them; what the file declares is removed in the file',
      );
    loop.post({ type: 'detached', at: Date.now(), id, why: 'removed by an operator' });
    await loop.until(() => (loop.observed.adhoc.has(id) ? undefined : true), 5_000);
    return { id, jail: adhoc.jail, title: adhoc.probe.title };
  };
}
