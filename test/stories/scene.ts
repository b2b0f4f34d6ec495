import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { daemon, type Daemon } from '../rig/daemon.ts';
import type { Outcome } from '../rig/execute.ts';
import { untilThere } from '../rig/gate.ts';
import type { Kind, RunningJail } from '../rig/jail.ts';
import type { Teller } from '../rig/story.ts';

export interface Scene {
  readonly host: Daemon;
  readonly jail: RunningJail;
  readonly title: string;
  /** The lines that commands have written on the host. */
  effects(): Promise<string[]>;
  /** Lets the commands that stand at the gate pass, and those that come. */
  open(): Promise<void>;
}

/** A jail `web`, and a daemon that has one probe for it. The command leaves its traces in a folder of the host's. */
export async function scene(
  t: Teller,
  kind: Kind,
  more = 'respawn: never',
  { closed = false, rescan = '2s' }: { closed?: boolean; rescan?: string } = {},
): Promise<Scene> {
  const jail = await kind.start(t, 'web');
  const title = t.unique('BUTTON');
  const folder = join(t.dir, 'traces');
  await mkdir(folder, { mode: 0o700 });
  const [traces, gate] = [join(folder, 'effects'), join(folder, 'gate')];
  const open = (): Promise<void> => writeFile(gate, '');
  await writeFile(traces, '');
  if (!closed) await open();
  const host = await daemon(
    t,
    `settings: { rescan: ${rescan} }
jails:
  web:
    ${jail.where}
    probes:
      BUTTON:
        title: ${title}
        ${more}
        command: |
          echo "begin $JAIL_NAME $PROBE_TITLE $TRIGGER_ID" >>${traces}
          echo said on the host
          ${untilThere(gate)}
          echo end >>${traces}
          exit 3
`,
  );
  return {
    host,
    jail,
    title,
    effects: async () => (await readFile(traces, 'utf8')).split('\n').filter(Boolean),
    open,
  };
}

/** The request, as it is made inside: exactly that title. */
export function hup(jail: RunningJail, title: string, uid?: number): Promise<Outcome> {
  return jail.run(['/usr/bin/pkill', '-HUP', '-f', `^${title}$`], uid === undefined ? {} : { uid });
}
