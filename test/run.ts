/**
 * `npm test`: checks the sources, then runs every test file in a process of its own. `npm test -- WORD…` takes only
 * the checks and files with a WORD in their name. What fails is run once more, alone. The last line is the sum, alone,
 * however the run ends.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { release, tmpdir, type as system } from 'node:os';
import { join } from 'node:path';
import { CHECKS, runCheck } from './runner/checks.ts';
import { describeFile, runFile, type Ground, type Result, type TestFile } from './runner/file.ts';
import { endAll } from './runner/process.ts';
import { buildReaper } from './runner/reaper.ts';
import { line, sum, tellEnd, type Tries } from './runner/tell.ts';

const AT_ONCE = 3;
/** More failures than that are no accident. */
const SECOND_CHANCES = 6;

process.chdir(join(import.meta.dirname, '..'));
const words = process.argv.slice(2);
const isWanted = (name: string): boolean => words.length === 0 || words.some((word) => name.includes(word));

const folder = mkdtempSync(join(tmpdir(), 'jdt-'));
chmodSync(folder, 0o711); // jails of other users live below it
mkdirSync(join(folder, 'cache'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Aborted when the whole run is to end: what runs is asked to, and nothing more is begun. */
const ending = new AbortController();
function endRun(why: string): void {
  ending.abort(why); // only the first counts
  endAll();
}
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => endRun(name));
process.stdout.on('error', () => endRun('nobody reads this any more'));

const results: Result[] = [];
const twice: Tries[] = [];
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter(isWanted)
  .sort()
  .map(describeFile);

try {
  const isRoot = process.getuid?.() === 0;
  print(
    `jaildaemon's tests: ${system()} ${release()}, Node ${process.version}, ${isRoot ? 'root' : 'not root'}`,
  );
  if (!isRoot)
    print('Not root: every story that needs namespaces, mounts or other users is skipped, by name.');
  await runChecks();
  const ground = { folder, by: files.length > 0 ? await buildReaper(folder) : [] };
  await runFiles(ground);
  await runAgain(ground);
} catch (error) {
  endRun('a fault of the runner');
  note(gone('the runner', reasonOf(error)));
}
if (ending.signal.aborted) note(gone('the whole run', `ended by ${ending.signal.reason}`));
else if (results.length === 0) note(gone('the whole run', `no test has ${words.join(' or ')} in its name`));

const begun = new Set(results.map(({ name }) => name));
const notRun = files.filter(({ path }) => !begun.has(path));
print(
  tellEnd(
    results,
    twice,
    notRun.map(({ path }) => path),
  ),
);
process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;
print(`\n${sum(results)}`);

async function runChecks(): Promise<void> {
  for (const check of CHECKS)
    if (isWanted(`check: ${check.name}`) && !ending.signal.aborted) note(await runCheck(check));
}

/** The long ones first, so that none is left over when all others have ended; then those that want to be alone. */
async function runFiles(ground: Ground): Promise<void> {
  const together = files.filter(({ alone }) => !alone).toSorted((a, b) => b.limit - a.limit);
  const alone = files.filter((file) => file.alone);
  const work = async (queue: TestFile[]): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !ending.signal.aborted; next = queue.shift())
      note(await attempt(next, ground, files.indexOf(next)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(together)));
  await work(alone);
}

/**
 * On a machine that is busy with other things a story may be late through no fault of ours. What fails also when nothing
 * else of ours runs has failed; what does not is named, since a story that is late too often is a bad one.
 */
async function runAgain(ground: Ground): Promise<void> {
  for (const [number, file] of files.entries()) {
    const at = results.findIndex(({ name, failed }) => name === file.path && failed > 0);
    const before = results[at];
    if (before === undefined || twice.length >= SECOND_CHANCES || ending.signal.aborted) continue;
    print(`once more, alone: ${file.path}\n${before.output.trim()}`);
    const again = await attempt(file, ground, files.length + number);
    results[at] = again;
    twice.push({ name: file.path, again });
    print(line(again));
  }
}

async function attempt(file: TestFile, ground: Ground, number: number): Promise<Result> {
  try {
    return await runFile(file, ground, number);
  } catch (error) {
    return gone(file.path, reasonOf(error));
  }
}

function note(result: Result): void {
  results.push(result);
  print(line(result));
}

/** What has failed without having come to its end. */
function gone(name: string, output: string): Result {
  return { name, passed: 0, failed: 1, skipped: 0, skips: [], seconds: 0, output };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
