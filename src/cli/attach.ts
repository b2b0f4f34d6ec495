import { ask } from '../control/client.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { print } from './render.ts';

/** The largest id: 4294967295 means "no change" to the kernel. */
const MOST_ID = 4_294_967_294;

/** `-c command -j jail`: the original's utility mode. Prints the probe's id once it is armed. */
export async function attach(options: Record<string, unknown>): Promise<number> {
  const text = (name: string): string | undefined => options[name] as string | undefined;
  const jail = text('jail');
  if (jail === undefined)
    throw new Complaint(
      EXIT.usage,
      '-c needs -j: the jail to put the probe into',
      'a name of the file, a jid, or on Linux the pid of the jail’s first process',
    );
  const uid = readId('-u', text('uid'));
  const gid = readId('-g', text('gid'));
  const title = text('title');
  const armed = await ask<{ id: string; warning?: string }>(text('socket') ?? '', {
    verb: 'attach',
    command: text('command'),
    jail,
    // "-rR" is in the original's synopsis: -R is -r without the waiting.
    respawn:
      options['respawnImmediately'] === true
        ? 'immediately'
        : options['respawn'] === true
          ? 'after'
          : 'never',
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(title !== undefined && { title }),
  });
  if (armed.warning !== undefined) process.stderr.write(`jaildaemon: warning: ${armed.warning}\n`);
  await print(`${armed.id}\n`);
  return EXIT.ok;
}

function readId(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const id = /^\d{1,10}$/.test(value) ? Number(value) : NaN;
  if (!(id <= MOST_ID))
    throw new Complaint(
      EXIT.usage,
      `${option} ${JSON.stringify(value)}: a number from 0 to ${MOST_ID} is wanted`,
      'ids are the jail’s numbers, not names',
    );
  return id;
}
