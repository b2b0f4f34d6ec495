import { realpath, stat } from 'node:fs/promises';
import { inTime } from '../in-time.ts';

/** The root of a jail as the host finds it. */
export type Root =
  | { readonly dev: string; readonly ino: string; readonly canonical: boolean }
  | { readonly refused: string };

/** Looks at the roots of jails, and remembers what it saw for a minute: a host may have thousands, and looks every two seconds. */
export interface Roots {
  of(instance: string, path: string): Promise<Root>;
  /** Forgets the roots of all other instances. */
  keepOnly(instances: ReadonlySet<string>): void;
}

const GOOD_FOR = 60_000;
/** A directory on a dead network file system never answers: so long is waited for it, ms. */
const PATIENCE = 3_000;

interface Look {
  readonly path: string;
  readonly at: number;
  readonly found: Promise<Root>;
  /** It has been answered, and well. */
  good: boolean;
  answered: boolean;
}

/** @param now ms since 1970, for tests */
export function createRoots(now: () => number = Date.now): Roots {
  const looks = new Map<string, Look>();

  function begin(path: string): Look {
    const look: Look = { path, at: now(), good: false, answered: false, found: rootAt(path) };
    void look.found.then((root) => {
      look.answered = true;
      look.good = !('refused' in root);
    });
    return look;
  }

  return {
    of(instance, path) {
      const known = looks.get(instance);
      const holds = known?.path === path && (!known.answered || (known.good && now() - known.at < GOOD_FOR));
      const look = known && holds ? known : begin(path);
      looks.set(instance, look);
      return look.answered ? look.found : answerInTime(look);
    },
    keepOnly(instances) {
      for (const instance of looks.keys()) if (!instances.has(instance)) looks.delete(instance);
    },
  };
}

/** Device and inode as C prints them. Node takes the numbers for signed ones, and FreeBSD's devices use all 64 bits. */
export function identityOf({ dev, ino }: { dev: bigint; ino: bigint }): { dev: string; ino: string } {
  return { dev: String(BigInt.asUintN(64, dev)), ino: String(BigInt.asUintN(64, ino)) };
}

async function rootAt(path: string): Promise<Root> {
  try {
    const [real, found] = await Promise.all([realpath(path), stat(path, { bigint: true })]);
    if (!found.isDirectory()) return { refused: `its root ${path} is no directory` };
    return { ...identityOf(found), canonical: real === path };
  } catch (error) {
    return { refused: `its root ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}` };
  }
}

/** Who does not answer is asked no second time until he has: there are four threads for all files. */
async function answerInTime({ path, found }: Look): Promise<Root> {
  const refused = `looking at its root ${path} has taken more than ${PATIENCE / 1000} s: the file system does not answer`;
  return (await inTime(found, PATIENCE)) ?? { refused };
}
