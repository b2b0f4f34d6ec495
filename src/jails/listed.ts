/** A jail as the system's own tools list it, before anybody has looked at its root. */
export interface ListedJail {
  readonly jid: number;
  /** What the host calls it; where it has no name, its jid in digits. */
  readonly name: string;
  /** Of its root, as the host sees it. */
  readonly path: string;
  readonly instance: string;
  /** Chosen inside the jail. */
  readonly hostname?: string;
  /** Of the processes in it, where it ends with the last of them. */
  readonly residents?: readonly number[];
  /** Why it must not be entered although it is there. */
  readonly refused?: string;
}

/**
 * Whether a jail may be known by a name that the host lists: as the schema has it for the keys under `jails:`, since ids
 * are made of names (a slash ends them) and messages too. Names of nested jails are chosen by the root of their parent.
 */
export function isFitName(name: string): boolean {
  return /^[!-.0-~]{1,255}$/.test(name) && name !== 'adhoc';
}

/** A host name that is one: anything else, a jail's root may have made up to be read by somebody. */
export function isFitHostname(name: unknown): name is string {
  return typeof name === 'string' && /^[!-~]{1,255}$/.test(name);
}
