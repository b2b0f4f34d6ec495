import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import { printable } from '../printable.ts';
import type { Common } from './common.ts';
import { printJson } from './render.ts';

/** `output ID`: what the command printed, byte for byte; on a terminal control characters are made visible. */
export async function output({ socket, json }: Common, id: string): Promise<number> {
  const pieces: Buffer[] = [];
  const { bytes } = await ask<{ bytes: number }>(socket, { verb: 'output', id }, (piece: string) => {
    pieces.push(Buffer.from(piece, 'base64'));
  });
  const whole = Buffer.concat(pieces);
  if (json) await printJson({ version: 1, id, bytes, output: whole.toString('utf8') });
  else await write(process.stdout.isTTY ? Buffer.from(visible(whole.toString('utf8'))) : whole);
  return EXIT.ok;
}

function write(bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(bytes, () => resolve());
  });
}

/** Lines and tabs stay; whatever else could move the cursor, turn the text around or change the terminal becomes visible. */
function visible(text: string): string {
  return text.replaceAll('\r', '').replaceAll(/[^\n\t]+/g, printable);
}
