import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
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

/** Lines and tabs stay; whatever else could move the cursor or change the terminal becomes visible. */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are the point
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (c) =>
    c === '\r' ? '' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
