import { closeSync, constants, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JailConfig, ProbeConfig } from './config.ts';
import type { Objection } from './objection.ts';
import type { Trust } from './gather.ts';
import { namedPaths } from './named-paths.ts';
import { walk } from './trust.ts';
import type { Fault, Way } from './trust.ts';

/**
 * Commands that somebody else could change: what they name by path is held to the same rule as the configuration,
 * owned by root, by the daemon's user or by the one it runs as, and not writable by others, all the way up; so are the
 * interpreter in a script's first line and the directories of a PATH of its own. Each culprit is told of once.
 */
export function findUntrustedCommands(jails: readonly JailConfig[], { owner, lenient }: Trust): Objection[] {
  const judged = new Map<string, readonly Fault[]>();
  const blamed = new Set<string>();
  const judgeOnce = (
    what: string,
    path: string,
    user: number,
    judge: typeof judgeProgram,
  ): readonly Fault[] => {
    const question = `${what} ${user} ${path}`;
    const before = judged.get(question);
    if (before) return before;
    const faults = judge(path, user);
    judged.set(question, faults);
    return faults;
  };

  return jails.flatMap((jail) =>
    jail.probes
      .filter(({ enabled }) => enabled)
      .flatMap((probe) => {
        const user = probe.runAs?.uid ?? owner;
        const programs = namedPaths(probe.argv).map((path) => ({
          path,
          key: 'command',
          faults: judgeOnce('program', path, user, judgeProgram),
        }));
        const places = ownPath(probe).map((path) => ({
          path,
          key: 'env',
          faults: judgeOnce('directory', path, user, judgeDirectory),
        }));
        return [...programs, ...places].flatMap(({ path, key, faults }) =>
          faults
            .filter((fault) => !blamed.has(fault.path) && blamed.add(fault.path))
            .map((fault) => objection(jail, probe, key, path, fault, lenient)),
        );
      }),
  );
}

function objection(
  jail: JailConfig,
  { key: probe, origin }: ProbeConfig,
  key: string,
  path: string,
  { path: culprit, why, hint }: Fault,
  lenient: boolean,
): Objection {
  const self = culprit === path ? path : `${path}, since ${culprit}`;
  return {
    file: origin.file,
    path: ['jails', jail.name, 'probes', probe, key],
    part: 'value',
    code: 'untrusted-command',
    severity: lenient ? 'warning' : 'error',
    message: `others could change what this command runs: ${self} ${why}`,
    hint,
  };
}

function ownPath({ env }: ProbeConfig): string[] {
  return (env['PATH'] ?? '').split(':').filter((path) => path.startsWith('/'));
}

function judgeProgram(path: string, user: number): readonly Fault[] {
  const way = look(path, user);
  if (!way) return judgeAbsent(path, user);
  if (way.faults.length > 0 || !way.stats.isFile()) return way.faults;
  const interpreter = interpreterOf(way.resolved);
  return interpreter === undefined ? [] : (look(interpreter, user)?.faults ?? []);
}

/** Where commands are looked up nobody else may put any: a sticky directory is no better here. */
function judgeDirectory(path: string, user: number): readonly Fault[] {
  const way = look(path, user);
  if (!way) return judgeAbsent(path, user);
  const open = way.stats.isDirectory() && (way.stats.mode & 0o022) !== 0;
  if (way.faults.length > 0 || !open) return way.faults;
  return [{ path, why: 'lets others put programs there', hint: `take ${path} out of PATH` }];
}

/** What is not there may be put there by somebody: the nearest directory that is decides who. */
function judgeAbsent(path: string, user: number): readonly Fault[] {
  for (let above = dirname(path); ; above = dirname(above)) {
    const way = look(above, user);
    if (!way) continue;
    if (way.faults.length > 0 || (way.stats.mode & 0o022) === 0) return way.faults;
    return [{ path: above, why: `lets others create ${path}, which does not exist`, hint: `create ${path}` }];
  }
}

function look(path: string, user: number): Way | undefined {
  try {
    return walk(path, user);
  } catch {
    return undefined; // not there, or not to be reached: that it is missing is said by others
  }
}

/** The program of a script's first line, `#!/bin/sh`. */
function interpreterOf(path: string): string | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const head = Buffer.alloc(256);
      const text = head.toString('latin1', 0, readSync(file, head));
      return /^#![ \t]*(\/[^ \t\n]+)/.exec(text)?.[1];
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined; // a program that may be executed and not read
  }
}
