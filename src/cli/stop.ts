import { ask } from '../control/client.ts';
import { EXIT } from '../control/protocol.ts';
import type { Common } from './program.ts';
import { print, printJson } from './render.ts';

/** The daemon has done everything when it answers; so long its process may take to end, ms. */
const LONGEST = 5_000;

/** `stop`: answers when every probe is away and the keeper has ended. */
export async function stop({ socket, json }: Common): Promise<number> {
  const { pid } = await ask<{ pid: number }>(socket, { verb: 'stop' });
  await ended(pid);
  if (json) await printJson({ version: 1, pid });
  else await print(`stopped: daemon pid ${pid}, its keeper and every probe\n`);
  return EXIT.ok;
}

/** A script that starts the next daemon at once must not meet the end of this one. */
async function ended(pid: number): Promise<void> {
  const until = Date.now() + LONGEST;
  while (lives(pid) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
