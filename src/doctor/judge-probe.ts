import type { Finding } from './finding.ts';
import { parseIdMap, toHost } from './id-map.ts';
import type { InventoryProbe } from './inventory.ts';
import type { ProbeFacts } from './probe-facts.ts';

/** Whom a probe is measured by. */
export interface Measure {
  readonly keeper: number | undefined;
  /** The namespaces of its jail's first process; absent for a chroot. */
  readonly namespaces?: ReadonlyMap<string, string>;
  /** Where its root must be: `/` in a mount namespace, a chroot's path on the host. */
  readonly root?: string;
}

/** What each promise about a probe is, and whether this one keeps it. */
type Promise = readonly [code: string, broken: boolean, message: string];

const RE_ARM = 'it is no probe of this version, or was tampered with: kill it, and jaildaemon arms a new one';

/** Holds what /proc tells of a probe against what a probe is promised to be. Pure. */
export function judgeProbe(probe: InventoryProbe, facts: ProbeFacts, measure: Measure): Finding[] {
  const broken = promises(probe, facts, measure)
    .filter(([, isBroken]) => isBroken)
    .map(([code, , message]) => finding(probe, 'danger', code, message, RE_ARM));
  return [...broken, ...remarks(probe, facts)];
}

function promises(
  probe: InventoryProbe,
  facts: ProbeFacts,
  { keeper, namespaces, root }: Measure,
): Promise[] {
  const of = (name: string): string => facts.status.get(name) ?? '';
  const none = (...names: string[]): string[] => names.filter((name) => /[1-9a-f]/.test(of(name)));
  const capabilities = none('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb');
  const signals = none('SigBlk', 'SigIgn', 'SigCgt');
  const [pipe, ...others] = facts.descriptors;
  const stray = [...(pipe && (pipe.writable || !pipe.leadsTo.startsWith('pipe:')) ? [pipe] : []), ...others];
  const ids = (name: string, wanted: number, map: string): boolean =>
    new Set(of(name).split('\t')).size !== 1 ||
    of(name).split('\t')[0] !== String(toHost(parseIdMap(map), wanted));
  const foreign = [...(namespaces ?? [])].filter(([name, value]) => facts.namespaces.get(name) !== value);
  return [
    [
      'probe-parent',
      keeper !== undefined && of('PPid') !== String(keeper),
      `its parent is pid ${of('PPid')}, not the keeper`,
    ],
    ['probe-seccomp', of('Seccomp') === '0', 'no system call is shut off (seccomp is off)'],
    [
      'probe-privileges',
      of('NoNewPrivs') !== '1',
      'it could gain privileges by executing (no_new_privs is off)',
    ],
    ['probe-capabilities', capabilities.length > 0, `it has capabilities (${capabilities.join(', ')})`],
    ['probe-signals', signals.length > 0, `it blocks, ignores or catches signals (${signals.join(', ')})`],
    [
      'probe-descriptors',
      stray.length > 0,
      `it has descriptors open: ${stray.map(({ leadsTo }) => leadsTo).join(', ')}`,
    ],
    ['probe-environment', facts.environment !== '', 'it has an environment'],
    [
      'probe-title',
      facts.commandLine !== `${probe.title}\0`,
      'its title is not the one that was given to it',
    ],
    [
      'probe-program',
      !facts.program.startsWith('/memfd:'),
      `its program is ${facts.program}, which the jail might reach`,
    ],
    [
      'probe-uid',
      ids('Uid', probe.uid, facts.uidMap),
      `it runs as uid ${of('Uid').replaceAll('\t', ' ')}, not as the jail's ${probe.uid}`,
    ],
    [
      'probe-gid',
      ids('Gid', probe.gid, facts.gidMap),
      `it runs as gid ${of('Gid').replaceAll('\t', ' ')}, not as the jail's ${probe.gid}`,
    ],
    [
      'probe-groups',
      of('Groups').split(' ').filter(Boolean).length > probe.groups.length,
      `it is in the groups ${of('Groups')}`,
    ],
    [
      'probe-session',
      facts.session !== Number(of('Pid')),
      `it is in session ${facts.session}, not in one of its own`,
    ],
    ['probe-terminal', facts.terminal !== 0, 'it has a controlling terminal'],
    [
      'probe-namespaces',
      foreign.length > 0,
      `it is not in the jail's namespaces: ${foreign.map(([name]) => name).join(', ')}`,
    ],
    ['probe-root', root !== undefined && facts.root !== root, `its root is ${facts.root}`],
    ['probe-cwd', facts.cwd !== facts.root, `its working directory is ${facts.cwd}`],
  ];
}

function remarks(probe: InventoryProbe, { status }: ProbeFacts): Finding[] {
  const tracer = status.get('TracerPid') ?? '0';
  const state = status.get('State') ?? '';
  const stopped = 'its HUP is delivered when it goes on';
  return [
    ...(tracer !== '0'
      ? [
          finding(
            probe,
            'warning',
            'probe-traced',
            `pid ${tracer} traces it: there is nothing in it to be had`,
            `ask who runs pid ${tracer}`,
          ),
        ]
      : []),
    ...(/^[Tt]/.test(state) && tracer === '0'
      ? [
          finding(
            probe,
            'warning',
            'probe-stopped',
            `it is stopped: ${stopped}`,
            `kill -CONT ${probe.pid ?? ''}`,
          ),
        ]
      : []),
  ];
}

function finding(
  { id, origin, pid }: InventoryProbe,
  severity: Finding['severity'],
  code: string,
  message: string,
  fix: string,
): Finding {
  return { severity, code, subject: id, message: `pid ${pid ?? '?'}: ${message}`, fix, at: origin };
}
