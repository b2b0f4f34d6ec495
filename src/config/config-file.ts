// GENERATED from schema/config.schema.json by `npm run schema`. Do not edit.
/**
 * A user's or group's number inside the jail. -1 and 4294967295 mean "no change" to the system and are refused.
 */
export type Id = number;
/**
 * The probe's supplementary groups: gids of the jail. Default: none.
 *
 * @maxItems 16
 */
export type Groups = Id[];

/**
 * jaildaemon.yml: which probes each jail has. A probe is a process in a jail that does nothing; when somebody inside kills it with HUP, the host runs the command that belongs to it. Keys that begin with x- are free at every level.
 */
export interface ConfigFile {
  /**
   * Further files, relative to this one. Their last component may hold * and ?; what matches is read in sorted order. Each may hold `jails`, and nothing else. A file named without a wildcard must exist. An entry for the same jail in two files adds up.
   *
   * @maxItems 1000
   */
  include?: string[];
  defaults?: Defaults;
  /**
   * The jails, each by its name, its jid (BSD), or a pattern. For one jail and one key the definition comes from the exact name, else the jid, else the first pattern that matches, and is taken whole. `*` and `?` do not match a dot. `jails: {}` takes all probes away.
   */
  jails: {
    [k: string]: JailEntry;
  };
  settings?: SettingsEntry;
}
/**
 * For every probe, of all files, that does not say otherwise.
 */
export interface Defaults {
  /**
   * Who, besides root, may trigger the probe: a uid of the jail. Default 0.
   */
  uid?: number;
  /**
   * The probe's group: a gid of the jail. Default: the same number as `uid`.
   */
  gid?: number;
  groups?: Groups;
  /**
   * What comes after a trigger: never (default), after, immediately.
   */
  respawn?: 'never' | 'after' | 'immediately';
  /**
   * How long the command may run; then TERM goes to its process group, and KILL after `kill_after`. Default 0s: no limit.
   */
  timeout?: string;
  /**
   * How long a command that was told to end may go on before it is killed. Default 10s.
   */
  kill_after?: string;
  /**
   * The shortest time between two triggers; until then the probe stays away. Default 0s.
   */
  cooldown?: string;
  /**
   * For `respawn: immediately`: while so many of its commands run, the probe stays away. Default 10.
   */
  concurrency?: number;
  /**
   * The host's user as whom the command runs, with that user's groups, HOME, USER, LOGNAME and SHELL. Default: the daemon's own user.
   */
  run_as?: string;
  /**
   * The command's working directory on the host. Default /.
   */
  cwd?: string;
  env?: Env;
  /**
   * With `respawn: after`: the next probe's title tells how the command ended, such as "ZFS_SNAPSHOT [ok 14:02:11Z]", so that the jail learns it with ps(1). Default false.
   */
  receipt?: boolean;
}
/**
 * Added to the command's clean environment, as it is written here. The facts JAIL_NAME, JAIL_JID, JAIL_PATH, JAIL_HOSTNAME, PROBE_TITLE and TRIGGER_ID are set by jaildaemon and cannot be set here. A fact that is not known is not set: write "${JAIL_PATH:?}" in scripts. In `defaults`: the base to which a probe's own `env` is added.
 */
export interface Env {
  [k: string]: string;
}
/**
 * One jail, or all that match a pattern. Says where the jail is (`pid`, `chroot` or `path`; none of them where the host knows it by its name) and which probes it has.
 */
export interface JailEntry {
  /**
   * The probes, each under a key of its own. The key is the title, unless `title` says otherwise; with the jail's name it is the probe's identity.
   */
  probes?: {
    [k: string]: ProbeEntry;
  };
  /**
   * Linux: the jail is where this process lives, its namespaces and its root; the process's number, or the absolute path of a pidfile. The pidfile must belong to root (or the daemon's user) and not be writable by others.
   */
  pid?: number | string;
  /**
   * The jail is this directory, entered by chroot(2). All that lies above it, symlinks too, must belong to root (or the daemon's user) and not be writable by others; itself it must not be a symlink, and it must not lie below another chroot jail.
   */
  chroot?: string;
  /**
   * How the directory of `chroot` becomes a probe's root. path (default): by chroot(2), which changes where look-ups begin. mount: Linux alone; by pivot_root(2), in a mount namespace of the probe's own in which nothing is left but that directory and what is mounted below it, so that the host's file systems are out of the probe's reach. Takes some more time and memory for each probe.
   */
  root?: 'path' | 'mount';
  /**
   * FreeBSD and DragonFly: the jail whose root this is, as jls(8) shows it. DragonFly's jails have no names, so there this gives them one.
   */
  path?: string;
  /**
   * A note for people.
   */
  description?: string;
}
/**
 * One probe of a jail.
 */
export interface ProbeEntry {
  /**
   * What the host runs for a trigger. A string goes to /bin/sh -c; a list is executed as it is, without a shell. Nothing of the jail becomes part of it; facts are in the environment (see `env`).
   *
   * @minItems 1
   * @maxItems 4096
   */
  command?: string | string[];
  /**
   * The probe's process title, which ps(1) and pkill(1) see inside the jail; its key where this is absent. Everybody in the jail can read it.
   */
  title?: string;
  /**
   * A user's or group's number inside the jail. -1 and 4294967295 mean "no change" to the system and are refused.
   */
  uid?: number;
  /**
   * A user's or group's number inside the jail. -1 and 4294967295 mean "no change" to the system and are refused.
   */
  gid?: number;
  groups?: Groups;
  /**
   * What comes after a trigger: never (default), after, immediately.
   */
  respawn?: 'never' | 'after' | 'immediately';
  /**
   * How long the command may run; then TERM goes to its process group, and KILL after `kill_after`. Default 0s: no limit.
   */
  timeout?: string;
  /**
   * How long a command that was told to end may go on before it is killed. Default 10s.
   */
  kill_after?: string;
  /**
   * The shortest time between two triggers; until then the probe stays away. Default 0s.
   */
  cooldown?: string;
  /**
   * For `respawn: immediately`: while so many of its commands run, the probe stays away. Default 10.
   */
  concurrency?: number;
  /**
   * The host's user as whom the command runs, with that user's groups, HOME, USER, LOGNAME and SHELL. Default: the daemon's own user.
   */
  run_as?: string;
  /**
   * The command's working directory on the host. Default /.
   */
  cwd?: string;
  env?: Env;
  /**
   * With `respawn: after`: the next probe's title tells how the command ended, such as "ZFS_SNAPSHOT [ok 14:02:11Z]", so that the jail learns it with ps(1). Default false.
   */
  receipt?: boolean;
  /**
   * false: this probe is not wanted. Needs no command, and takes the probe of that key which a pattern gives away from this jail. Default true.
   */
  enabled?: boolean;
  /**
   * A note for people; shown by status.
   */
  description?: string;
}
/**
 * Of the daemon itself. Each has a default that hardly anybody needs to touch.
 */
export interface SettingsEntry {
  /**
   * How often to look for jails that came or went, where the system does not tell. From 100ms. Default 2s.
   */
  rescan?: string;
  /**
   * How long running commands may go on when the daemon is stopped. Default 30s.
   */
  grace?: string;
  /**
   * How many commands may run at once over all jails; further triggers wait their turn. Default 512.
   */
  budget?: number;
  /**
   * Holds a probe back that is triggered too often: at most `triggers` of one probe `within` so long.
   */
  brake?: {
    /**
     * How many. 0 switches the brake off. Default 100.
     */
    triggers?: number;
    /**
     * In how long. Default 10s.
     */
    within?: string;
  };
  /**
   * How much is remembered of triggers that have ended; the oldest go first.
   */
  history?: {
    /**
     * How many triggers. Default 100000.
     */
    triggers?: number;
    /**
     * How much on disk. Default 64MiB.
     */
    bytes?: number | string;
  };
  /**
   * How much is kept of what commands print.
   */
  output?: {
    /**
     * The first so many bytes of each command. Default 256KiB.
     */
    each?: number | string;
    /**
     * What the outputs of all commands together may take of the disk, each at least 4 KiB; when it is more, the oldest go. Looked at now and then. Default 256MiB.
     */
    total?: number | string;
  };
}

/** The keys of each level, for hints about keys at the wrong one. */
export const keysOf = {
  'the file': ["include","defaults","jails","settings"],
  'a probe': ["command","title","uid","gid","groups","respawn","timeout","kill_after","cooldown","concurrency","run_as","cwd","env","receipt","enabled","description"],
  'a jail': ["probes","pid","chroot","root","path","description"],
  'settings': ["rescan","grace","budget","brake","history","output"],
} as const;
