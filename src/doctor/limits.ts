import { readFileSync } from 'node:fs';
import type { Finding } from './finding.ts';
import type { Inventory } from './inventory.ts';
import { PLATFORM } from '../platform.ts';

/** Commands at once by default, and what else the keeper's cgroup may have to hold. */
const BESIDES_PROBES = 1_024;

/** Limits of the host that would stop probes or commands from being started. */
export function examineLimits({ keeper, probes }: Inventory): Finding[] {
  if (!keeper || PLATFORM !== 'Linux') return [];
  const most = pidsMax(keeper.pid);
  if (most === undefined || most.limit >= probes.length + BESIDES_PROBES) return [];
  return [
    {
      severity: 'warning',
      code: 'pids-limit',
      subject: `keeper pid ${keeper.pid}`,
      message: `its cgroup ${most.cgroup} may have ${most.limit} processes; ${probes.length} probes and their commands may need ${probes.length + BESIDES_PROBES}`,
      fix: 'TasksMax=infinity in its systemd unit',
    },
  ];
}

function pidsMax(pid: number): { readonly cgroup: string; readonly limit: number } | undefined {
  try {
    const cgroup = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '/';
    const text = readFileSync(`/sys/fs/cgroup${cgroup}/pids.max`, 'latin1').trim();
    return text === 'max' ? undefined : { cgroup, limit: Number(text) };
  } catch {
    return undefined; // no cgroup v2, or the root of them
  }
}
