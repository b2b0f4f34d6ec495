/** A place in a file; lines and columns count from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Respawn = 'never' | 'after' | 'immediately';

/** A host user that a command runs as, looked up when the file is loaded (the keeper is static C: no NSS). */
export interface HostUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
}

/** One probe as the file wants it: every default filled in. Times in milliseconds. */
export interface ProbeConfig {
  /** Its key under `probes:`; with the jail's name its identity. */
  readonly key: string;
  readonly title: string;
  readonly enabled: boolean;
  /** `["/bin/sh", "-c", TEXT]` for a string command; empty only when `enabled` is false. */
  readonly argv: readonly string[];
  /** Who, besides root, may trigger it inside: the jail's numbers. */
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly respawn: Respawn;
  /** 0: none. */
  readonly timeout: number;
  readonly killAfter: number;
  readonly cooldown: number;
  readonly concurrency: number;
  /** Absent: the daemon's own user. */
  readonly runAs?: HostUser;
  readonly cwd: string;
  /** Added to the clean environment; of the file alone, without facts. */
  readonly env: Readonly<Record<string, string>>;
  readonly receipt: boolean;
  readonly description?: string;
  readonly origin: Origin;
}

/** Where the file says that a jail is to be found. */
export type Whereabouts =
  | { readonly by: 'name' }
  | { readonly by: 'pid'; readonly pid: number }
  | { readonly by: 'pidfile'; readonly path: string }
  /** `mount`: as `root: mount` says. */
  | { readonly by: 'chroot'; readonly path: string; readonly mount?: true }
  /** The jail of the system whose root this is. */
  | { readonly by: 'path'; readonly path: string };

/** One entry under `jails:`. */
export interface JailConfig {
  /** An exact name, a jid in digits, or a glob. */
  readonly name: string;
  readonly glob: boolean;
  readonly whereabouts: Whereabouts;
  readonly probes: readonly ProbeConfig[];
  readonly origin: Origin;
}

/** Of the daemon; times in milliseconds, sizes in bytes. */
export interface Settings {
  readonly rescan: number;
  readonly grace: number;
  readonly budget: number;
  /** At most `triggers` of one probe `within` so many ms; 0 triggers: no brake. */
  readonly brake: { readonly triggers: number; readonly within: number };
  readonly history: { readonly triggers: number; readonly bytes: number };
  readonly output: { readonly each: number; readonly total: number };
}

/** All files together, checked and resolved. `jails` in order of precedence: main file first, then the includes. */
export interface Config {
  readonly settings: Settings;
  readonly jails: readonly JailConfig[];
}
