import { fstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { PLATFORM } from './platform.ts';

/** An open descriptor of this process. */
export interface Descriptor {
  readonly number: number;
  /** What it leads to, as /proc/self/fd says it: `/tmp`, `pipe:[4711]`, `anon_inode:[eventpoll]`. */
  readonly target: string;
  /** A child does not get it by itself. */
  readonly closeOnExec: boolean;
}

/** How far to look where the system does not list descriptors: who calls from a shell has few. */
const BY_NUMBER = 1024;

/**
 * The numbers above 2 that were open when this program was started, and that a child does not get by itself: libuv
 * marks what Node inherits as close-on-exec, up to the first gap after 15. To be asked before anything else, since
 * what is opened later looks alike.
 */
export function inheritedDescriptors(): number[] {
  return PLATFORM === 'Linux' ? inheritedOf(readDescriptors()) : readByNumber();
}

/**
 * Tells what came from outside from what Node has opened for itself by now: Linux's eventpoll, eventfds and pipes to
 * itself. The first of these is an eventpoll, at the lowest number that was free, so all below it is inherited. An
 * inherited pipe above it of which both ends are here cannot be told from Node's own, and counts as that.
 */
export function inheritedOf(descriptors: readonly Descriptor[]): number[] {
  const marked = descriptors.filter(({ closeOnExec }) => closeOnExec);
  const first = Math.min(...marked.filter(({ target }) => isEventpoll(target)).map(({ number }) => number));
  const later = marked.filter(({ number }) => number >= first);
  const isNodes = ({ target, number }: Descriptor): boolean =>
    number >= first &&
    (/^anon_inode:\[(eventpoll|eventfd|io_uring)\]$/.test(target) ||
      (target.startsWith('pipe:') && later.filter((other) => other.target === target).length > 1));
  return marked.flatMap((one) => (one.number > 2 && !isNodes(one) ? [one.number] : []));
}

const isEventpoll = (target: string): boolean => target === 'anon_inode:[eventpoll]';

function readDescriptors(): Descriptor[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const flags =
        /^flags:\t([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))?.[1] ?? '0';
      const closeOnExec = (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
      return [{ number: Number(name), target: readlinkSync(`/proc/self/fd/${name}`), closeOnExec }];
    } catch {
      return []; // the listing's own, closed by now
    }
  });
}

const O_CLOEXEC = 0o2000000;

/** BSD: a kqueue, which no child can have, and Node's own pipes look like any pipe; so no pipe is handed on there. */
function readByNumber(): number[] {
  const numbers = Array.from({ length: BY_NUMBER - 3 }, (_, i) => i + 3);
  return numbers.filter((number) => {
    try {
      return !fstatSync(number).isFIFO();
    } catch {
      return false; // not open
    }
  });
}
