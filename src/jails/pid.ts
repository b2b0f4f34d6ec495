import { PLATFORM } from '../platform.ts';
import type { Sighting } from './jail.ts';
import { bootName, readProcess } from './process.ts';

/**
 * The jail that a process stands for: its namespaces, root and directory. It must live in another PID namespace
 * than we do: a pid that was used again by a process of the host would make the host itself the jail.
 */
export function sightPid(name: string, pid: number): Sighting {
  if (PLATFORM !== 'Linux') return { name, refused: 'a jail by pid needs the namespaces of Linux' };
  const found = readProcess(pid);
  if ('why' in found) {
    switch (found.why) {
      case 'gone':
        return { name, absent: `no process ${pid}` };
      case 'zombie':
        return { name, absent: `process ${pid} has ended` };
      case 'thread':
        return { name, refused: `pid ${pid} is ${found.detail}: name that process` };
      case 'hidden':
        return { name, refused: `process ${pid} cannot be looked at: ${found.detail}` };
    }
  }
  const { command, start, pidNamespace } = found;
  if (pidNamespace === undefined) {
    return { name, refused: `pid ${pid} (${command}) lives in the host's PID namespace` };
  }
  const instance = `${bootName()}:${pid}:${start}`;
  return {
    name,
    jail: { name, kind: 'pid', instance, jid: pid, pid, pidNamespace, entrance: { by: 'pid', pid, start } },
  };
}
