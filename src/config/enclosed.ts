import { realpathSync } from 'node:fs';
import { sep } from 'node:path';
import type { JailConfig } from './config.ts';
import type { Objection } from './objection.ts';
import { namedPaths } from './named-paths.ts';

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
    jail.whereabouts.by === 'chroot' ? [{ jail, root: real(jail.whereabouts.path) }] : [],
  );
  if (roots.length === 0) return [];
  const objections: Objection[] = [];
  for (const { jail, root } of roots) {
    for (const { what, path } of own) {
      if (!isBelow(real(path), root)) continue;
      const message = `${what} ${path} lies below the root of this jail, where its root may change it`;
      const hint = 'move it out of the jail';
      const place = ['jails', jail.name, 'chroot'];
      objections.push({
        file: jail.origin.file,
        path: place,
        part: 'value',
        code: 'inside-jail',
        message,
        hint,
      });
    }
  }
  for (const { jail, root } of roots) {
    const outer = roots.find((other) => other.root !== root && isBelow(root, other.root));
    if (!outer) continue;
    const message = `this directory lies below the root of jail ${JSON.stringify(outer.jail.name)}, whose root may put something else in its place`;
    const hint = 'move it out of that jail';
    const place = ['jails', jail.name, 'chroot'];
    objections.push({
      file: jail.origin.file,
      path: place,
      part: 'value',
      code: 'inside-jail',
      message,
      hint,
    });
  }
  for (const jail of jails) {
    for (const { key, argv, enabled, origin } of jail.probes) {
      if (!enabled) continue;
      for (const path of namedPaths(argv)) {
        const inside = roots.find(({ root }) => isBelow(real(path), root));
        if (!inside) continue;
        const message = `${path} lies below the root of jail ${JSON.stringify(inside.jail.name)}, where its root may change it`;
        const hint = 'a command is run on the host: give it a program of the host';
        const place = ['jails', jail.name, 'probes', key, 'command'];
        objections.push({
          file: origin.file,
          path: place,
          part: 'value',
          code: 'inside-jail',
          message,
          hint,
        });
      }
    }
  }
  return objections;
}

/** A root of `/` encloses everything and says nothing: then the jail is the host. */
function isBelow(path: string, root: string): boolean {
  return root !== '/' && (path === root || path.startsWith(root + sep));
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not there (yet): its name has to do
  }
}
