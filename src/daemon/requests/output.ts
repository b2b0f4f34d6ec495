import { Complaint, EXIT, textArgument } from '../../control/protocol.ts';
import type { Handler } from '../../control/server.ts';
import type { Outputs } from '../../history/outputs.ts';
import { TRIGGER_ID } from '../../keeper/trigger-id.ts';
import { reasonOf } from '../../reason.ts';
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
    const stream = await openSoon(outputs, id);
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
async function openSoon(outputs: Outputs, id: string): ReturnType<Outputs['open']> {
  try {
    const now = await outputs.open(id);
    if (now) return now;
    await new Promise((resolve) => setTimeout(resolve, SCRIBE_TAKES));
    return await outputs.open(id);
  } catch (error) {
    throw new Complaint(
      EXIT.failed,
      `the output of ${id} cannot be read: ${reasonOf(error)}`,
      'look what lies there in its place',
    );
  }
}
