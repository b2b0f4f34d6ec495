import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatDiagnostics } from '../../src/config/format.ts';
import { createLoader } from '../../src/config/load.ts';
import type { Loaded, Loader, LoaderOptions, LoadResult } from '../../src/config/load.ts';

/** A directory for one test, with a main file and whatever it includes. */
export interface Folder {
  readonly path: string;
  readonly file: string;
  write(name: string, text: string | Uint8Array): string;
  /** What the loader says, with the folder's path as `@`. */
  say(options?: Partial<LoaderOptions>): Promise<string>;
  loader(options?: Partial<LoaderOptions>): Loader;
}

/** The user whom the files of a test belong to. */
export const me = process.getuid?.() ?? 0;

/** Runs a test in a folder of its own, which is gone afterwards. */
export function inFolder(test: (folder: Folder) => Promise<void> | void): () => Promise<void> {
  return async () => {
    process.umask(0o022);
    const path = mkdtempSync(join(realpathSync(tmpdir()), 'jd-config-'));
    const file = join(path, 'jaildaemon.yml');
    const loader = (options: Partial<LoaderOptions> = {}): Loader =>
      createLoader(file, { owner: me, lenient: false, here: true, ...options });
    const write = (name: string, text: string | Uint8Array): string => {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
      return join(path, name);
    };
    const say = async (options?: Partial<LoaderOptions>): Promise<string> => {
      const result = await loader(options).load();
      const text = formatDiagnostics(result.ok ? result.warnings : result.diagnostics);
      return `${text.replaceAll(path, '@')}${result.ok ? 'ok\n' : ''}`;
    };
    try {
      await test({ path, file, write, say, loader });
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  };
}

/** What must have been loaded, or the test fails with what was said. */
export function loaded(result: LoadResult): Loaded {
  if (!result.ok) throw new Error(formatDiagnostics(result.diagnostics));
  return result;
}
