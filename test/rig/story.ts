import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { suite as makeSuite } from 'uvu';

type Suite = ReturnType<typeof makeSuite>;

/** What a story is told with. */
export interface Teller {
  /** A folder of its own, searchable by all (jails of other users live below it), gone at the end. */
  readonly dir: string;
  /** Undone at the end in any case, last come first. */
  defer(what: string, undo: () => unknown): void;
  /** What to print if the story fails, such as a log. */
  onFailure(tell: () => string | Promise<string>): void;
  /** A word that no other story uses now: in a plain chroot, ps shows the whole host. */
  unique(word: string): string;
}

export interface StoryOptions {
  /** After so long the story has failed. */
  readonly seconds?: number;
  /** Why it cannot be told here: it is skipped, by name. */
  readonly unless?: string | undefined;
}

const CLEANUP_SECONDS = 15;
const open = new Set<Telling>();

/** One promise of the product, tried with real things: with a time limit, and nothing left behind. */
export function story(
  suite: Suite,
  name: string,
  { seconds = 60, unless }: StoryOptions,
  tell: (t: Teller) => Promise<void>,
): void {
  if (unless !== undefined) {
    process.stdout.write(`skipped: ${name} (${unless})\n`);
    suite.skip(name);
    return;
  }
  suite(name, async () => {
    const telling = await Telling.begin(name);
    try {
      await limited(tell(telling), seconds, 'the story');
    } catch (error) {
      await telling.end(`${name}: ${String(error)}`);
      throw error;
    }
    await telling.end();
  });
}

class Telling implements Teller {
  readonly name: string;
  readonly dir: string;
  readonly #undos: { what: string; undo: () => unknown }[] = [];
  readonly #reports: (() => string | Promise<string>)[] = [];

  static async begin(name: string): Promise<Telling> {
    const dir = await mkdtemp(join(tmpdir(), 'jd-'));
    await chmod(dir, 0o711);
    const telling = new Telling(name, dir);
    open.add(telling);
    telling.defer(`remove ${dir}`, () => removeTree(dir));
    return telling;
  }

  private constructor(name: string, dir: string) {
    this.name = name;
    this.dir = dir;
  }

  defer(what: string, undo: () => unknown): void {
    this.#undos.push({ what, undo });
  }

  onFailure(tell: () => string | Promise<string>): void {
    this.#reports.push(tell);
  }

  unique(word: string): string {
    return `${word}-${this.dir.slice(-6)}`;
  }

  /** Undoes everything, whatever fails on the way; after a failure tells first what is known about it. */
  async end(failure?: string): Promise<void> {
    open.delete(this);
    if (failure !== undefined) {
      process.stdout.write(`\n--- ${failure}\n`);
      for (const report of this.#reports) {
        process.stdout.write(`${await Promise.resolve().then(report).catch(String)}\n`);
      }
    }
    const left: string[] = [];
    for (let step = this.#undos.pop(); step !== undefined; step = this.#undos.pop()) {
      const { what, undo } = step;
      await limited(Promise.resolve().then(undo), CLEANUP_SECONDS, what).catch((error: unknown) =>
        left.push(`could not ${what}: ${String(error)}`),
      );
    }
    if (left.length === 0) return;
    if (failure === undefined) throw new Error(left.join('\n'));
    process.stdout.write(`${left.join('\n')}\n`);
  }
}

async function limited<T>(work: Promise<T>, seconds: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Removing a tree in which something is still mounted would remove what is mounted. */
async function removeTree(dir: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')).split('\n');
  const below = mounts.map((line) => line.split(' ')[4] ?? '').filter((point) => point.startsWith(`${dir}/`));
  if (below.length > 0) throw new Error(`still mounted: ${below.join(', ')}`);
  await rm(dir, { recursive: true, force: true });
}

// The runner ends a file that takes too long with TERM, and people end it with Ctrl-C: still nothing stays behind.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.once(signal, () => {
    const all = [...open].map((telling) => telling.end(`${telling.name}: ended by ${signal}`));
    void Promise.allSettled(all).then(() => process.exit(1));
  });
}
