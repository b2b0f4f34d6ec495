import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Drafting } from './drafting.ts';
import type { Request } from './drafting-thread.ts';

/** Drafting as seen from the loader: somewhere else, or here. */
export interface RemoteDrafting {
  draft(...args: Parameters<Drafting['draft']>): Promise<ReturnType<Drafting['draft']>>;
  place(...args: Parameters<Drafting['place']>): Promise<ReturnType<Drafting['place']>>;
  close(): Promise<void>;
}

/** Enough for the largest files that are read; beyond it the thread ends, and not the process. */
const heap = 256;

/**
 * Drafts in a thread of its own, started when first needed and ended by close(). A file of 10,000 probes would hold the
 * daemon's loop for half a second, and leave it 100 MiB larger than before; a thread's heap ends with it.
 */
export function createApart(): RemoteDrafting {
  let worker: Worker | undefined;

  const ask = async <Result>(request: Request): Promise<Result> => {
    worker ??= start();
    // The first that comes: an answer, or the thread's end with or without an error.
    const asked = new AbortController();
    const { signal } = asked;
    try {
      const answer = once(worker, 'message', { signal });
      const end = once(worker, 'exit', { signal }).then(() => {
        throw new Error('the parsing thread has ended');
      });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
      worker.postMessage(request);
      const [result] = (await Promise.race([answer, end])) as [Result];
      return result;
    } finally {
      asked.abort();
    }
  };

  return {
    draft: (...args) => ask({ verb: 'draft', args }),
    place: (...args) => ask({ verb: 'place', args }),
    close: async () => {
      await worker?.terminate();
      worker = undefined;
    },
  };
}

function start(): Worker {
  const options = { stdin: false, resourceLimits: { maxOldGenerationSizeMb: heap } };
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./drafting-thread.js', import.meta.url), options);
  // Run from source, in tests: the hooks that make TypeScript run do not reach a thread by themselves.
  const url = JSON.stringify(new URL('./drafting-thread.ts', import.meta.url).href);
  const script = `import('tsx/esm/api').then(({ register }) => { register(); return import(${url}); })`;
  return new Worker(script, { ...options, eval: true });
}

/** Drafts in this thread: for a command that ends anyway. The parser is loaded only now. */
export function createHere(): RemoteDrafting {
  const drafting = import('./drafting.ts').then(({ createDrafting }) => createDrafting());
  return {
    draft: async (...args) => (await drafting).draft(...args),
    place: async (...args) => (await drafting).place(...args),
    close: async () => {},
  };
}
