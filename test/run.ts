/**
 * `npm test`: checks the sources, then runs every test file in a process of its own. `npm test -- WORD…` takes only
 * the checks and files with a WORD in their name. What fails is run once more, alone. The last line is the sum, alone.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { release, tmpdir, type as system } from 'node:os';
import { join } from 'node:path';
import { CHECKS, runCheck } from './runner/checks.ts';
import { describeFile, runFile, type Result } from './runner/file.ts';
import { endAll } from './runner/process.ts';

const AT_ONCE = 2;
/** More failures than that are no accident. */
const SECOND_CHANCES = 6;

process.chdir(join(import.meta.dirname, '..'));
const words = process.argv.slice(2);
const isWanted = (name: string): boolean => words.length === 0 || words.some((word) => name.includes(word));

const folder = mkdtempSync(join(tmpdir(), 'jdt-'));
chmodSync(folder, 0o711); // jails of other users live below it
mkdirSync(join(folder, 'cache'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, endAll);

const isRoot = process.getuid?.() === 0;
print(
  `jaildaemon's tests: ${system()} ${release()}, Node ${process.version}, ${isRoot ? 'root' : 'not root'}`,
);
if (!isRoot) print('Not root: every story that needs namespaces, mounts or other users is skipped, by name.');

const results: Result[] = [];
const note = (result: Result): void => {
  results.push(result);
  print(line(result));
};

for (const check of CHECKS) if (isWanted(`check: ${check.name}`)) note(await runCheck(check));

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter(isWanted)
  .sort()
  .map(describeFile);
const numbered = files.map((file, number) => ({ file, number }));
const together = numbered.filter(({ file }) => !file.alone);
const work = async (): Promise<void> => {
  for (let next = together.shift(); next !== undefined; next = together.shift()) {
    note(await runFile(next.file, folder, next.number));
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, work));
for (const { file, number } of numbered.filter(({ file }) => file.alone))
  note(await runFile(file, folder, number));

// On a machine that is busy with other things a story may be late through no fault of ours. What fails also when nothing
// else of ours runs has failed; what does not is named, since a story that is late too often is a bad one.
const second: string[] = [];
for (const { file, number } of numbered) {
  const at = results.findIndex(({ name, failed }) => name === file.path && failed > 0);
  const before = results[at];
  if (before === undefined || second.length >= SECOND_CHANCES) continue;
  print(`once more, alone: ${file.path}\n${before.output.trim()}`);
  const again = await runFile(file, folder, files.length + number);
  results[at] = again;
  print(line(again));
  second.push(`${file.path}: ${again.failed > 0 ? 'failed again' : 'passed'}`);
}
if (second.length > 0) print(`\nrun twice, by name:\n  ${second.join('\n  ')}`);

for (const { name, output } of results.filter(({ failed }) => failed > 0))
  print(`\n=== ${name}\n${output.trim()}`);
const skips = results.flatMap(({ name, skips }) => skips.map((skip) => `${name}: ${skip}`));
if (skips.length > 0) print(`\nskipped by name:\n  ${skips.join('\n  ')}`);

const [passed, failed, skipped] = (['passed', 'failed', 'skipped'] as const).map((key) =>
  results.reduce((sum, result) => sum + result[key], 0),
);
process.exitCode = failed === 0 && results.length > 0 ? 0 : 1;
if (results.length === 0) print(`no test has ${words.join(' or ')} in its name`);
print(`\n${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);

function line({ name, passed, failed, skipped, seconds }: Result): string {
  const mark = failed > 0 ? 'FAIL' : 'ok  ';
  const counts = [`${passed} passed`];
  if (failed > 0) counts.push(`${failed} failed`);
  if (skipped > 0) counts.push(`${skipped} skipped`);
  return `${mark}  ${name.padEnd(44)} ${counts.join(', ').padEnd(30)} ${seconds.toFixed(1).padStart(6)} s`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
