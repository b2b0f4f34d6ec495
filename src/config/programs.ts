import { accessSync, constants } from 'node:fs';
import type { Draft } from './draft.ts';
import type { Objection } from './objection.ts';

/** Warnings for commands that could not be started now: lists whose program is a path. What a shell does is its own. */
export function findMissingPrograms(draft: Draft): Objection[] {
  return draft.jails.flatMap(({ name, probes }) =>
    probes.flatMap(({ key, entry: { command, enabled } }) => {
      const program = Array.isArray(command) ? command[0] : undefined;
      if (enabled === false || !program?.startsWith('/') || isExecutable(program)) return [];
      const message = `${program} is not there, or not executable`;
      const path = ['jails', name, 'probes', key, 'command', 0];
      return [{ file: draft.file, path, part: 'value', code: 'no-program', severity: 'warning', message }];
    }),
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
