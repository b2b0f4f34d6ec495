import { escapeText, formatCount, formatDiagnostics } from '../config/format.ts';
import { createLoader } from '../config/load.ts';
import { DEFAULTS } from '../defaults.ts';
import { printableJson } from '../printable.ts';
import { withoutSource } from './render.ts';

export interface CheckOptions {
  /** One JSON object on stdout, for programs. */
  readonly json?: boolean | undefined;
  /** Also what the file comes to, with every default filled in, as JSON on stdout. */
  readonly print?: boolean | undefined;
}

/**
 * `jaildaemon check [FILE]`: says what is wrong with the file, as the daemon would. Needs no daemon and no root; for
 * others than root the owners and modes of files are warnings, since the file may be on its way to its place.
 * Comes to the exit code: 0, or 78 (EX_CONFIG).
 */
export async function check(
  file: string = DEFAULTS.config,
  { json, print }: CheckOptions = {},
): Promise<number> {
  const lenient = process.getuid?.() !== 0;
  const result = await createLoader(file, { owner: 0, lenient, programs: true, here: true }).load();
  const diagnostics = result.ok ? result.warnings : result.diagnostics;
  const config = print && result.ok ? { config: result.config } : {};
  if (json) {
    const body = { version: 1, ok: result.ok, diagnostics: diagnostics.map(withoutSource), ...config };
    process.stdout.write(`${printableJson(body)}\n`);
    return result.ok ? 0 : 78;
  }
  process.stderr.write(formatDiagnostics(diagnostics));
  if (!result.ok) return 78;
  if (print) process.stdout.write(`${printableJson(result.config, 2)}\n`);
  else {
    const probes = result.config.jails.reduce((sum, jail) => sum + jail.probes.length, 0);
    const remark = diagnostics.length > 0 ? `, ${formatCount(diagnostics)}` : '.';
    const jails = result.config.jails.length;
    process.stdout.write(
      `${escapeText(file)}: good: ${number(jails, 'jail')}, ${number(probes, 'probe')}${remark}\n`,
    );
  }
  return 0;
}

const number = (count: number, word: string): string => `${count} ${count === 1 ? word : `${word}s`}`;
