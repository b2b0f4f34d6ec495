import type { Definition } from '../keeper/messages.ts';

/** What the loop may be told to do: each has one function in daemon/execute.ts. */
export type Step =
  /** Put a probe into its jail with a new process (in place of the one that is there), or let its process go on with a new definition. */
  | { readonly do: 'arm' | 'update'; readonly jail: string; readonly definition: Definition }
  | { readonly do: 'disarm'; readonly jail: string; readonly id: string }
  /** Forget an ad hoc probe. */
  | { readonly do: 'detach'; readonly id: string; readonly why: string }
  /** Look at these jails again: something about them may have changed. */
  | { readonly do: 'look'; readonly jails: readonly string[] };
