import type { RunningJail } from '../../test/rig/jail.ts';
import { unshared } from '../../test/rig/kinds/unshare.ts';
import type { Workshop } from './workshop.ts';

/** Real jails with a hundred probes each; they are made when they are first wanted and stay until the end. */
export interface Jails {
  atLeast(count: number): Promise<readonly RunningJail[]>;
}

const AT_ONCE = 8;

export function makeJails(workshop: Workshop): Jails {
  const jails: RunningJail[] = [];
  const add = async (): Promise<void> => {
    jails.push(await unshared.start(workshop, workshop.unique('jail')));
  };
  return {
    async atLeast(count) {
      while (jails.length < count)
        await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - jails.length) }, add));
      return jails.slice(0, count);
    },
  };
}
