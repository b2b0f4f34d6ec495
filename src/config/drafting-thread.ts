import { parentPort } from 'node:worker_threads';
import { createDrafting } from './drafting.ts';
import type { Drafting } from './drafting.ts';

// The other end of apart.ts: one message in, one out.

/** A request to the thread. */
export type Request =
  | { readonly verb: 'draft'; readonly args: Parameters<Drafting['draft']> }
  | { readonly verb: 'place'; readonly args: Parameters<Drafting['place']> };

const drafting = createDrafting();

parentPort?.on('message', ({ verb, args }: Request) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  parentPort?.postMessage(verb === 'draft' ? drafting.draft(...args) : drafting.place(...args));
});
