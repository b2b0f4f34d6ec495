/**
 * `npm run attack`: carries out every attack and prints what came of each, as a table. `-- --full` goes through the
 * full counts (minutes instead of seconds); other words choose files by name. The last line is the sum, alone, and the
 * exit code is 1 when an attack has succeeded.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeFile, runFile, type Result } from '../runner/file.ts';
import { endAll } from '../runner/process.ts';
import { buildReaper } from '../runner/reaper.ts';
import { ROW, type Row } from './attack.ts';

/** What a file may take when the full counts are wanted, s. */
const FULL_LIMIT = 1800;

process.chdir(join(import.meta.dirname, '../..'));
const full = process.argv.includes('--full');
const words = process.argv.slice(2).filter((word) => word !== '--full');
if (full) process.env['JAILDAEMON_ATTACK'] = 'full';

const folder = mkdtempSync(join(tmpdir(), 'jda-'));
chmodSync(folder, 0o711);
mkdirSync(join(folder, 'cache'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, endAll);

print(
  `attacks on jaildaemon: Linux ${release()}, Node ${process.version}${full ? ', the full counts' : ''}\n`,
);
const files = readdirSync('test/attack')
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .sort();
const counts = { repelled: 0, succeeded: 0, skipped: 0 };
let broken = 0;
const ground = { folder, by: await buildReaper(folder) };
for (const [number, name] of files.entries()) {
  const file = describeFile(join('test/attack', name));
  const result = await runFile(full ? { ...file, limit: FULL_LIMIT } : file, ground, number);
  const rows = rowsIn(result);
  for (const row of rows) counts[row.fate]++;
  if (rows.length > 0) print(tableOf(rows));
  const unexplained = result.failed - rows.filter(({ fate }) => fate === 'succeeded').length;
  broken += Math.max(0, unexplained);
  if (result.failed > 0) print(`=== ${result.name}\n${result.output.replaceAll(/^.*attack: .*\n/gm, '')}`);
}

const all = counts.repelled + counts.succeeded + counts.skipped;
process.exitCode = counts.succeeded === 0 && broken === 0 && all > 0 ? 0 : 1;
const more = [
  ...(counts.skipped > 0 ? [`${counts.skipped} skipped`] : []),
  ...(broken > 0 ? [`${broken} files failed otherwise`] : []),
];
print(
  `${all} attacks: ${[`${counts.repelled} repelled`, `${counts.succeeded} succeeded`, ...more].join(', ')}`,
);

function rowsIn({ output }: Result): Row[] {
  const lines = output.split('\n').filter((line) => line.includes(ROW));
  return lines.map((line) => JSON.parse(line.slice(line.indexOf(ROW) + ROW.length)) as Row);
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ attack, who, fate, outcome }) => [
    attack,
    who,
    fate === 'repelled' ? outcome : `${fate.toUpperCase()}: ${outcome}`,
  ]);
  const width = (column: number): number => Math.max(...cells.map((row) => row[column]?.length ?? 0));
  const lines = cells.map(([attack = '', who = '', outcome = '']) =>
    [attack.padEnd(width(0)), who.padEnd(width(1)), outcome].join('  '),
  );
  return `${(rows[0]?.subject ?? '').toUpperCase()}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
