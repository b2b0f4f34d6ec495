import { lstatSync, readdirSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { walk } from '../config/trust.ts';
import type { Finding } from './finding.ts';
import type { Inventory } from './inventory.ts';

/** Owners and modes of all that the daemon has on disk, and of the way there. */
export function examineOwnFiles({ own, daemon }: Pick<Inventory, 'own' | 'daemon'>): {
  readonly findings: readonly Finding[];
  readonly looked: number;
} {
  const findings: Finding[] = [];
  const blamed = new Set<string>();
  let looked = 0;

  const tell = (code: string, path: string, message: string, fix: string): void => {
    if (blamed.has(path)) return;
    blamed.add(path);
    findings.push({ severity: 'danger', code, subject: path, message, fix });
  };

  /** Open to nobody but the daemon's user: what jails asked for and what commands printed is in there. */
  const judge = (what: string, path: string, stats: Stats): void => {
    looked++;
    const mode = stats.isDirectory() ? '0700' : '0600';
    if (stats.uid !== daemon.uid)
      tell(
        'own-owner',
        path,
        `${what} belongs to uid ${stats.uid}, not to the daemon's user`,
        `chown ${daemon.uid} ${path}`,
      );
    else if (!stats.isSymbolicLink() && (stats.mode & 0o077) !== 0)
      tell('own-mode', path, `${what} is open to others (mode ${octal(stats)})`, `chmod ${mode} ${path}`);
    else if (stats.isFile() && stats.nlink > 1)
      tell(
        'own-links',
        path,
        `${what} has ${stats.nlink} names: a hard link was put somewhere`,
        `find ${path} -samefile ${path}`,
      );
  };

  const below = (what: string, path: string): void => {
    for (const name of readdirSync(path)) {
      const entry = join(path, name);
      const stats = lstatSync(entry, { throwIfNoEntry: false });
      if (!stats) continue;
      judge(`${what}'s ${name}`, entry, stats);
      if (stats.isDirectory()) below(`${what}'s ${name}`, entry);
    }
  };

  for (const { what, path } of own) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) {
      const message = `${what} is not there`;
      findings.push({
        severity: 'warning',
        code: 'own-missing',
        subject: path,
        message,
        fix: 'restart the daemon, or see its log',
      });
      continue;
    }
    if (stats.isSymbolicLink())
      tell('own-symlink', path, `${what} is a symbolic link`, `remove ${path}, and restart the daemon`);
    else judge(what, path, stats);
    for (const fault of walk(path, daemon.uid).faults.filter((one) => one.path !== path))
      tell(
        'own-way',
        fault.path,
        `others could lead ${what} elsewhere: ${fault.path} ${fault.why}`,
        fault.hint,
      );
    if (stats.isDirectory()) below(what, path);
  }
  return { findings, looked };
}

const octal = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(4, '0');
