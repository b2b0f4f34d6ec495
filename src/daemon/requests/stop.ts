import type { Handler } from '../../control/server.ts';
import type { Services } from './services.ts';

/** `stop`: answers when everything is down, and tells in rows what it waits for. */
export function stopHandler({ ending, loop }: Services): Handler {
  return async (_, reply) => {
    const left = await ending.stop((what) => void reply.row({ waiting: what }).catch(() => {})); // who asked has left
    const { unrecorded } = loop;
    return {
      pid: process.pid,
      ...(left.length > 0 && { left, ...(unrecorded !== undefined && { unrecorded }) }),
    };
  };
}
