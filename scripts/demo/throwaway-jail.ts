import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere, type Stage } from './stage.ts';

/** A jail that lives as long as the demo. */
export interface ThrowawayJail {
  /** The host's pid of its first process. */
  readonly pid: number;
  /** The command that made it, as a person would type it. */
  readonly made: string;
  /** What goes before a command to run it inside. */
  readonly inside: readonly string[];
}

const INIT =
  'echo web >/proc/sys/kernel/hostname; trap "exit 0" TERM; while :; do sleep 1000 & wait $!; done';

/**
 * Namespaces of their own over the host's files: what container engines make, without an engine. An ordinary user
 * gets one by a user namespace in which he is root.
 *
 * @param defer takes what ends the jail, as soon as there is something to end
 */
export async function makeJail(stage: Stage, defer: (undo: () => void) => void): Promise<ThrowawayJail> {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? [] : ['--user', '--map-root-user'];
  // He is root inside already, and may not drop groups that he did not get.
  const enter = isRoot ? [] : ['-U', '--preserve-credentials'];
  const flags = [
    ...user,
    '--pid',
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--mount-proc',
    '--fork',
    '--kill-child',
  ];
  const child = spawn('unshare', [...flags, 'sh', '-c', INIT], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  defer(() => void child.kill('SIGKILL')); // --kill-child: the jail goes with it
  let pid = 0;
  await stage.until('the jail runs', () => {
    if (child.exitCode !== null) throw new Error(`unshare cannot make a jail here: ${said.trim()}`);
    pid = Number(children(child.pid ?? 0)[0] ?? 0);
    return pid !== 0 && children(pid).length > 0; // its shell sleeps: then all is in place
  });
  const made = `unshare ${flags.join(' ')} sh -c '${INIT}' &`;
  return { pid, made, inside: ['nsenter', '-t', String(pid), ...enter, '-p', '-m', '-u', '-i', '-n'] };
}

/** ps and pkill, where a machine has none: they do what the demo needs of them, by /proc. */
export async function standIns(folder: string): Promise<string[]> {
  const each =
    'for dir in /proc/[0-9]*; do pid=${dir#/proc/}; line=$(tr "\\0" " " <$dir/cmdline); line=${line% }';
  const scripts = {
    ps: `${each}; [ -z "$line" ] || echo "$pid $line"; done`,
    pkill: `hit=1; ${each}; if [ "^$line$" = "$3" ]; then kill "$1" "$pid" && hit=0; fi; done; exit $hit`,
  };
  const lacking = Object.entries(scripts).filter(([name]) => !isThere(name));
  for (const [name, script] of lacking) {
    await writeFile(join(folder, name), `#!/bin/sh\nexec 2>/dev/null\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  return lacking.map(([name]) => name);
}

function children(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean);
  } catch {
    return []; // not there yet, or gone
  }
}
