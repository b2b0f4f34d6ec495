import { realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { JailConfig } from './config.ts';
import type { Objection } from './objection.ts';
import { namedPaths } from './named-paths.ts';
import { lastName } from './root-way.ts';
import type { Path } from './tree.ts';

/** A file of the host's whose contents decide what root does. */
export interface Precious {
  readonly what: string;
  readonly path: string;
}

/**
 * What lies below the root of a chroot jail and must not: there the jail's root is root, and owner and mode of a file
 * hold nobody off.
 *
 * @param own files of the daemon: its configuration, state and sockets
 */
export function findEnclosed(jails: readonly JailConfig[], own: readonly Precious[]): Objection[] {
  const roots = jails.flatMap((jail) =>
    jail.whereabouts.by === 'chroot' ? [{ jail, root: realRoot(jail.whereabouts.path) }] : [],
  );
  if (roots.length === 0) return [];
  return [
    ...roots.flatMap(({ jail, root }) => enclosedFiles(jail, root, own)),
    ...roots.flatMap((one) => enclosedRoot(one, roots)),
    ...jails.flatMap((jail) => enclosedCommands(jail, roots)),
  ];
}

interface Root {
  readonly jail: JailConfig;
  /** Where its chroot is, symlinks resolved. */
  readonly root: string;
}

function enclosedFiles(jail: JailConfig, root: string, own: readonly Precious[]): Objection[] {
  return own
    .filter(({ path }) => isBelow(real(path), root))
    .map(({ what, path }) => {
      const message = `${what} ${path} lies below the root of this jail, where its root may change it`;
      return objection(jail.origin.file, ['jails', jail.name, 'chroot'], message, 'move it out of the jail');
    });
}

function enclosedRoot({ jail, root }: Root, roots: readonly Root[]): Objection[] {
  const outer = roots.find((other) => other.root !== root && isBelow(root, other.root));
  if (!outer) return [];
  const message = `this directory lies below the root of jail ${JSON.stringify(outer.jail.name)}, whose root may put something else in its place`;
  return [objection(jail.origin.file, ['jails', jail.name, 'chroot'], message, 'move it out of that jail')];
}

function enclosedCommands({ name, probes }: JailConfig, roots: readonly Root[]): Objection[] {
  const named = probes
    .filter(({ enabled }) => enabled)
    .flatMap((probe) => namedPaths(probe.argv).map((path) => ({ probe, path })));
  return named.flatMap(({ probe: { key, origin }, path }) => {
    const inside = roots.find(({ root }) => isBelow(real(path), root));
    if (!inside) return [];
    const message = `${path} lies below the root of jail ${JSON.stringify(inside.jail.name)}, where its root may change it`;
    const hint = 'a command is run on the host: give it a program of the host';
    return [objection(origin.file, ['jails', name, 'probes', key, 'command'], message, hint)];
  });
}

function objection(file: string, path: Path, message: string, hint: string): Objection {
  return { file, path, part: 'value', code: 'inside-jail', message, hint };
}

/** A root of `/` encloses everything and says nothing: then the jail is the host. */
function isBelow(path: string, root: string): boolean {
  return root !== '/' && (path === root || path.startsWith(root + sep));
}

/** What is there itself is not looked at (root-way.ts), and is not entered if it is a symlink. */
function realRoot(path: string): string {
  const last = lastName(path);
  return last === undefined ? real(path) : join(real(dirname(path)), last);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not there (yet): its name has to do
  }
}
