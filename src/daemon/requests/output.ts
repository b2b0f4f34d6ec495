import { Complaint, EXIT, textArgument } from '../../control/protocol.ts';
import type { Handler } from '../../control/server.ts';
import type { Outputs } from '../../history/outputs.ts';
import { TRIGGER_ID } from '../../keeper/trigger-id.ts';
import type { Services } from './services.ts';

/** ms. */
const SCRIBE_TAKES = 100;

/** `output ID`: the output in rows of base64, since it may be no text. */
export function outputHandler({ outputs, journal }: Services): Handler {
  return async (args, reply) => {
    const id = textArgument(args, 'id', 64);
    if (!TRIGGER_ID.test(id))
      throw new Complaint(
        EXIT.usage,
        `${JSON.stringify(id)} is no trigger's id`,
        '"jaildaemon history" lists them',
      );
    const stream = (await outputs.open(id)) ?? (await openLater(outputs, id));
    let bytes = 0;
    if (!stream) {
      if (!(await isKnown(id)))
        throw new Complaint(
          EXIT.failed,
          `the history has no trigger ${id}`,
          '"jaildaemon history" lists them',
        );
      return { id, bytes };
    }
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length;
      await reply.row((chunk as Buffer).toString('base64'));
    }
    return { id, bytes };
  };

  async function isKnown(id: string): Promise<boolean> {
    for await (const lines of journal.readBack()) if (lines.some((line) => line.id === id)) return true;
    return false;
  }
}

/** A scribe may still be writing when its command has just ended: nobody waits for it but who wants to read. */
async function openLater(outputs: Outputs, id: string): ReturnType<Outputs['open']> {
  await new Promise((resolve) => setTimeout(resolve, SCRIBE_TAKES));
  return outputs.open(id);
}
