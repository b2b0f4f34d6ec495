// Makes a fresh clone ready: installs what package-lock.json names, builds the C and the TypeScript. What is there
// and up to date is left alone, silently; so `npm test` and `npm run demo` may call it each time.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NATIVE = 'src/keeper/native';
const PROGRAM = 'dist/main.js';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
checkNode();
// npm writes this file at the end of an installation.
if (changed('package-lock.json') > changed('node_modules/.package-lock.json')) {
  step('installing packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
if (newest(NATIVE, /./) > changed('dist/keeper/keeper')) {
  checkCompiler();
  // make knows best what is stale.
  if (spawnSync('make', ['-q', '-C', NATIVE]).status !== 0) {
    step('building the keeper (make)', 'make', ['-s', '-C', NATIVE]);
  }
}
const sources = Math.max(
  newest('src', /\.ts$/),
  newest('schema', /./),
  ...['package.json', 'tsconfig.json', 'tsconfig.build.json'].map(changed),
);
if (sources > changed(PROGRAM)) {
  // Its compiler is a program of the machine, and there is none for DragonFly.
  if (type() === 'DragonFly')
    fail('TypeScript cannot be built on DragonFly: make a package on another system, as README.md says.');
  step('building the daemon (tsc)', 'npm', ['run', '-s', 'build:ts']);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node ${process.versions.node} is too old: 20.19 or later.`);
}

/** Said before make says it in its own words, and all of it at once. */
function checkCompiler() {
  const lacking = ['make', process.env.CC || 'cc'].filter(
    (program) => spawnSync('sh', ['-c', 'command -v "$0" >/dev/null', program]).status !== 0,
  );
  if (lacking.length === 0) return;
  fail(
    `The keeper is written in C, and there is no ${lacking.join(' and no ')} here.\n` +
      'Debian and Ubuntu: apt-get install gcc make libc6-dev. FreeBSD and DragonFly have both in the base system.',
  );
}

function step(what, program, args) {
  console.error(`jaildaemon: ${what} …`);
  const { status, signal, error } = spawnSync(program, args, { stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  fail(`${what} failed: ${error?.message ?? signal ?? `exit code ${status}`}`);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

/** When a file was last changed; before all time where there is none. */
function changed(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** When the newest file below a folder was changed. */
function newest(folder, name) {
  let latest = 0;
  for (const entry of statSync(folder, { throwIfNoEntry: false })
    ? readdirSync(folder, { withFileTypes: true })
    : []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) latest = Math.max(latest, newest(path, name));
    else if (name.test(entry.name)) latest = Math.max(latest, changed(path));
  }
  return latest;
}
