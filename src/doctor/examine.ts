import { readlinkSync } from 'node:fs';
import type { Diagnostic } from '../config/diagnostic.ts';
import { createLoader } from '../config/load.ts';
import { PLATFORM } from '../platform.ts';
import { worstFirst, type Finding } from './finding.ts';
import type { Inventory, InventoryJail } from './inventory.ts';
import { examineReach } from './jail-reach.ts';
import { judgeProbe, type Measure } from './judge-probe.ts';
import { examineLimits } from './limits.ts';
import { examineNeighbours } from './neighbours.ts';
import { examineOwnFiles } from './own-files.ts';
import { readNamespaces, readProbe } from './probe-facts.ts';

/** What doctor has to say, and how much it has looked at. */
export interface Examination {
  readonly findings: readonly Finding[];
  readonly looked: { readonly probes: number; readonly files: number; readonly jails: number };
  /** What could not be looked at, and why. */
  readonly skipped: readonly string[];
}

/** Looks at a living system from the host, as root: its files, commands, jails and every probe. */
export async function examine(inventory: Inventory): Promise<Examination> {
  const files = examineOwnFiles(inventory);
  const probes = examineProbes(inventory);
  const config = await examineConfig(inventory);
  const findings = [
    ...config.findings,
    ...files.findings,
    ...probes.findings,
    ...(await examineReach(inventory, config.involved)),
    ...examineNeighbours(inventory),
    ...examineLimits(inventory),
    ...adviseUids(inventory),
  ];
  return {
    findings: worstFirst(findings),
    looked: { probes: probes.looked, files: files.looked, jails: inventory.jails.length },
    skipped: probes.skipped,
  };
}

/** The file as it is now: what a reload would say of it. Titles are judged by what is there, see neighbours.ts. */
async function examineConfig({ config, daemon, own }: Inventory): Promise<{
  readonly findings: readonly Finding[];
  readonly involved: readonly string[];
}> {
  const loader = createLoader(config, { owner: daemon.uid, lenient: false, programs: true, here: true, own });
  const result = await loader.load();
  const findings = (result.ok ? result.warnings : result.diagnostics)
    .filter(({ code }) => code !== 'title-within')
    .map(({ severity, code, file, line, path, message, hint }: Diagnostic): Finding => ({
      severity: severity === 'error' ? 'danger' : 'warning',
      code,
      subject: path === '' ? file : path,
      message,
      fix: hint ?? 'mend it, and reload',
      at: { file, line },
    }));
  return { findings, involved: result.involved };
}

function examineProbes({ probes, jails, keeper }: Inventory): {
  readonly findings: readonly Finding[];
  readonly looked: number;
  readonly skipped: readonly string[];
} {
  if (PLATFORM !== 'Linux')
    return {
      findings: [],
      looked: 0,
      skipped: ['the processes of probes: that takes /proc, as Linux has it'],
    };
  const findings: Finding[] = [];
  const skipped: string[] = [];
  let looked = 0;
  const firsts = new Map(jails.map((jail) => [jail.name, firstProcess(jail)]));
  for (const probe of probes) {
    if (probe.pid === undefined) continue;
    try {
      const facts = readProbe(probe.pid);
      if (!facts) continue; // triggered, or retired, since the daemon told of it
      looked++;
      findings.push(...judgeProbe(probe, facts, { keeper: keeper?.pid, ...firsts.get(probe.jail) }));
    } catch (error) {
      skipped.push(
        `${probe.id} (pid ${probe.pid}): ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      );
    }
  }
  return { findings, looked, skipped };
}

/** Where a probe of this jail must be: with its first process, or under the chroot's path. */
function firstProcess({ pid, path }: InventoryJail): Pick<Measure, 'namespaces' | 'root'> {
  if (pid === undefined) return path === undefined ? {} : { root: path };
  try {
    return { namespaces: readNamespaces(pid), root: readlinkSync(`/proc/${pid}/root`) };
  } catch {
    return {}; // it has just ended
  }
}

/** Root inside may signal anybody: a uid that nobody has there keeps it to root, and is less to begin with. */
function adviseUids({ probes, jails }: Inventory): Finding[] {
  return jails.flatMap(({ name }): Finding[] => {
    const count = probes.filter((probe) => probe.jail === name && probe.uid === 0).length;
    if (count === 0) return [];
    const message = `${count === 1 ? 'one probe runs' : `${count} probes run`} as uid 0 of the jail, where a lesser uid would do`;
    const fix = 'uid: N of whoever is to ask, or of nobody in the jail: root inside can signal any of them';
    return [{ severity: 'note', code: 'uid-0', subject: name, message, fix }];
  });
}
