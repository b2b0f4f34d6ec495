import { join } from 'node:path';
import { traces, pidfileOf, type Traces } from '../daemon/scene.ts';
import { daemon, type Daemon } from '../rig/daemon.ts';
import type { Kind, RunningJail } from '../rig/jail.ts';
import { bubblewrap, bubblewrapUser } from '../rig/kinds/bubblewrap.ts';
import { execute } from '../rig/execute.ts';
import { innerPid } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import type { Teller } from '../rig/story.ts';
import { bring, findingsIn, noAttackers, type Findings } from './attacker.ts';

/** Who attacks from inside: root with every capability, in the host's user namespace and in one of the jail's own. */
export const INSIDERS: readonly { readonly who: string; readonly kind: Kind; readonly own: boolean }[] = [
  { who: 'root with all capabilities', kind: bubblewrap, own: false },
  { who: 'root of an own user namespace', kind: bubblewrapUser, own: true },
];

/** What an attacker may take, s. */
const LONGEST = 1200;

/** Why a kind of jail cannot be besieged here. */
export const unless = (kind: Kind): string | undefined => noAttackers() ?? kind.available();

/** A jail `web` whose root is the attacker, a jail `neighbour` that must not be touched by it, and a daemon. */
export interface Siege extends Traces {
  readonly jail: RunningJail;
  readonly neighbour: RunningJail;
  readonly host: Daemon;
  /** The attacked jail's root as the host sees it. */
  readonly root: string;
  /** What nobody in the jail may ever learn. */
  readonly secrets: readonly string[];
  /** Brings an attacker in and runs it there. */
  attack(attacker: string, ...args: readonly (string | number)[]): Promise<Findings>;
  /** The pid inside of an armed probe of `web`. */
  inside(key: string): Promise<number>;
  /** Whether a HUP in the neighbour still runs its command, and how long that took in ms. */
  neighbourIsServed(): Promise<number>;
}

/** @param probes of `web`; the neighbour has one, AID, with `respawn: immediately` */
export async function siege(
  t: Teller,
  kind: Kind,
  probes: (at: Traces) => Record<string, object>,
  settings: object = {},
): Promise<Siege> {
  const [jail, neighbour] = [await kind.start(t, 'web'), await bubblewrap.start(t, 'neighbour')];
  const at = await traces(t);
  const secret = t.unique('SECRET');
  const aid = {
    title: `${secret}-TITLE`,
    command: `: ${secret}-COMMAND; ${at.says('aid')}`,
    env: { WORD: `${secret}-ENVIRONMENT` },
    respawn: 'immediately',
  };
  const host = await daemon(
    t,
    JSON.stringify({
      settings: { grace: '300ms', ...settings },
      jails: {
        web: { pid: pidfileOf(jail), probes: probes(at) },
        neighbour: { pid: pidfileOf(neighbour), probes: { AID: aid } },
      },
    }),
  );
  await host.reaches('neighbour/AID', 'armed');
  const root = join(t.dir, 'web');
  const brought = new Set<string>();
  let served = 0;
  return {
    ...at,
    jail,
    neighbour,
    host,
    root,
    secrets: [secret, 'neighbour', t.dir, process.cwd(), 'jaildaemon.yml', '/dist/', '/bin/sh', 'PATH='],
    async attack(attacker, ...args) {
      if (!brought.has(attacker)) await bring(attacker, join(root, 'tmp'));
      brought.add(attacker);
      // Not by jail.run(): the full counts take longer than it allows.
      const inside = [
        '-t',
        String(jail.pid),
        '-a',
        '-r',
        '-w',
        '--',
        `/tmp/${attacker}`,
        ...args.map(String),
      ];
      const { stdout, stderr, signal } = await execute('nsenter', inside, { seconds: LONGEST });
      if (signal !== null) throw new Error(`${attacker} was ended by ${signal}`);
      if (stderr !== '') throw new Error(`${attacker}: ${stderr}`);
      return findingsIn(stdout);
    },
    async inside(key) {
      const { pid = 0 } = await host.reaches(`web/${key}`, 'armed');
      return innerPid(pid).pid;
    },
    async neighbourIsServed() {
      served += 1;
      const begin = performance.now();
      const ask = ['/usr/bin/pkill', '-HUP', '-f', `^${secret}-TITLE$`];
      // It may be just coming back from the time before.
      await until(
        async () => (await neighbour.run(ask)).code === 0,
        'there is something to ask in the neighbour',
      );
      const mine = (): Promise<boolean> =>
        at.lines().then((lines) => lines.filter((line) => line === 'aid').length >= served);
      while (!(await mine())) {
        if (performance.now() - begin > 15_000) throw new Error('the neighbour is not served any more');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return performance.now() - begin;
    },
  };
}
