import type { Diagnostic } from './diagnostic.ts';
import { createDraft } from './create-draft.ts';
import { place } from './objection.ts';
import type { Draft, Job } from './draft.ts';
import type { Objection } from './objection.ts';
import { decode } from './decode.ts';
import { parseLimits } from './limits.ts';
import { parse } from './parse.ts';
import { complainOf, createSource } from './source.ts';
import type { Budget, Tree } from './tree.ts';

/** The part of loading that costs time and memory: all that parses. */
export interface Drafting {
  /** What each file says. Together they may cost what the budget says. */
  draft(jobs: readonly Job[], budget: Budget): readonly Draft[];
  /** Gives objections their places. `files` has those that they are about. */
  place(
    files: readonly Pick<Job, 'file' | 'bytes'>[],
    objections: readonly Objection[],
  ): readonly Diagnostic[];
}

/** Does it here and now, and remembers the trees of what it drafted, for the places. */
export function createDrafting(): Drafting {
  const trees = new Map<string, Tree>();

  const draft: Drafting['draft'] = (jobs, budget) => {
    const left = { ...budget };
    return jobs.map((job) => {
      const { draft, tree } = createDraft(job, left);
      if (tree) trees.set(job.file, tree);
      return draft;
    });
  };

  // A file that did not change since an earlier load has no tree any more: that is many times the size of the text.
  const treeOf = (file: string, bytes: Uint8Array | undefined): Tree | undefined => {
    const known = trees.get(file);
    if (known || bytes === undefined) return known;
    const decoded = decode(file, bytes);
    if (!('text' in decoded)) return undefined;
    const { tree } = parse(createSource(file, decoded.text), { ...parseLimits });
    if (tree) trees.set(file, tree);
    return tree;
  };

  const placeAll: Drafting['place'] = (files, objections) => {
    const bytes = new Map(files.map((one) => [one.file, one.bytes]));
    return objections.map((objection) => {
      const tree = treeOf(objection.file, bytes.get(objection.file));
      if (tree) return place(tree, objection);
      const { part: _part, path, file, ...complaint } = objection;
      return complainOf(file, { ...complaint, path: path.join('.') });
    });
  };
  return { draft, place: placeAll };
}
