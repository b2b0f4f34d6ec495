import type { ProbeConfig } from '../config/config.ts';
import type { Jail } from '../jails/jail.ts';
import type { Definition } from '../keeper/orders.ts';

/** What a definition needs from outside plan/, which knows neither the system nor crypto. */
export interface Host {
  /** A short digest of a text. */
  readonly digest: (text: string) => string;
  /** Bytes of a command's output to keep (`settings.output.each`). */
  readonly outputBytes: number;
  /** The daemon's own user, as whom commands without `run_as` run. */
  readonly user: { readonly name: string; readonly home: string; readonly shell: string };
}

/** The clean environment that every command starts from; HOME and SHELL come from the user it runs as. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What the keeper is told of a probe: the file's wishes and the facts of the jail's present instance.
 *
 * A fact that is not known is not set, so that `"${JAIL_PATH:?}"` stops a script instead of meeting the host's root.
 */
export function defineProbe(id: string, probe: ProbeConfig, jail: Jail, host: Host): Definition {
  const body = {
    title: probe.title,
    uid: probe.uid,
    gid: probe.gid,
    groups: probe.groups,
    instance: jail.instance,
    entrance: jail.entrance,
  };
  const rest = {
    respawn: probe.respawn,
    receipt: probe.receipt,
    argv: probe.argv,
    env: environment(probe, jail, host),
    cwd: probe.cwd,
    timeout: probe.timeout,
    killAfter: probe.killAfter,
    cooldown: probe.cooldown,
    concurrency: probe.concurrency,
    output: host.outputBytes,
    ...(probe.runAs && { runAs: { uid: probe.runAs.uid, gid: probe.runAs.gid, groups: probe.runAs.groups } }),
  };
  const tag = `${host.digest(JSON.stringify(body))}-${host.digest(JSON.stringify(rest))}`;
  return { id, tag, ...body, ...rest };
}

function environment(probe: ProbeConfig, jail: Jail, host: Host): string[] {
  const user = probe.runAs ?? host.user;
  const facts: Record<string, string | undefined> = {
    JAIL_NAME: jail.name,
    JAIL_JID: jail.jid?.toString(),
    JAIL_PATH: jail.path,
    JAIL_HOSTNAME: jail.hostname,
    PROBE_TITLE: probe.title,
  };
  const all = {
    PATH,
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: user.shell,
    ...probe.env,
    ...facts,
  };
  return Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

/** Whether the same process can go on when the definition changes from one to the other. */
export function sameBody(tag: string, other: string): boolean {
  return tag.slice(0, tag.indexOf('-')) === other.slice(0, other.indexOf('-'));
}
