import type { Definition } from '../keeper/orders.ts';
import type { Wanted } from './wanted.ts';

/** What the loop may be told to do: each has one function in daemon/execute.ts. */
export type Step =
  /** Put a probe into its jail with a new process (in place of the one that is there), or let its process go on with a new definition. */
  | {
      readonly do: 'arm' | 'update';
      readonly jail: string;
      readonly want: Wanted;
      readonly definition: Definition;
    }
  | { readonly do: 'disarm'; readonly jail: string; readonly id: string }
  /** Have an older keeper take it away, so that it can be armed in the current one. */
  | { readonly do: 'release'; readonly jail: string; readonly id: string; readonly epoch: string }
  /** Look at these jails again: something happened to a probe there that may mean they stopped. */
  | { readonly do: 'look'; readonly jails: readonly string[] };
