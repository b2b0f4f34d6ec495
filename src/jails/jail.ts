/**
 * A jail as the host sees it running now, and what the keeper needs to enter it.
 *
 * `jails/` only looks; it never enters. A jail that does not run has no `Jail`.
 */
export interface Jail {
  /** The name under which the file and every command know it. */
  readonly name: string;
  readonly kind: 'pid' | 'chroot' | 'jail';
  /**
   * One life of the jail, from start to stop. Linux: `BOOT:PID:STARTTIME` of the process that stands for it; FreeBSD:
   * `BOOT:JID:CPUSET`; DragonFly: `BOOTTIME:JID`; chroot: `DEV:INO:BIRTHTIME` of the directory. A restarted jail has another.
   */
  readonly instance: string;
  /** How people address it by number; on Linux the host's pid of the jail's first process. */
  readonly jid?: number;
  /** The host's pid of the process that stands for the jail. */
  readonly pid?: number;
  /** Such as `pid:[4026532177]`: processes of two jails with the same one see each other, and each other's probes. */
  readonly pidNamespace?: string;
  /** Where the host finds its root, only where that is a path other than `/`. */
  readonly path?: string;
  /** Chosen inside the jail: display only. */
  readonly hostname?: string;
  /**
   * The pids of its processes, where it ends with the last of them: a jail of FreeBSD without `persist`, every jail of
   * DragonFly. A probe is one of them, and would keep the jail alive.
   */
  readonly residents?: readonly number[];
  readonly entrance: Entrance;
}

/** How the keeper gets in (PROTOCOL.md, "A definition"). Device, inode and start time are decimal text: they may pass 2^53. */
export type Entrance =
  | { readonly by: 'pid'; readonly pid: number; readonly start: string }
  | {
      readonly by: 'chroot';
      /** Without symlinks. */
      readonly root: string;
      readonly dev: string;
      readonly ino: string;
      /** It becomes the root mount. */
      readonly mount?: true;
    }
  /** `dev` and `ino` of its root as the host sees it; `name` where the system has names. */
  | {
      readonly by: 'jail';
      readonly jid: number;
      readonly dev: string;
      readonly ino: string;
      readonly name?: string;
    };

/** What a look at one jail found. */
export type Sighting =
  | { readonly name: string; readonly jail: Jail }
  /** It does not run: an ordinary state. */
  | {
      readonly name: string;
      readonly absent: string;
      /** Only the pidfile says so, which may just be written anew: a process that is known to live goes on living. */
      readonly unsure?: true;
    }
  /** It could not be looked at, or must not be entered (a pidfile that others may write, a process of the host). */
  | {
      readonly name: string;
      readonly refused: string;
      /** The system could not say which jails run: what is known of this one goes on holding. */
      readonly unsure?: true;
      /** Of a jail that the system lists all the same. */
      readonly jid?: number;
    };
