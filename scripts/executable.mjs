// Makes what tsc wrote a program: the first line says who runs it, the mode that it may be run. And takes away what was
// made from sources that are no more.
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../src', import.meta.url));
const dist = fileURLToPath(new URL('../dist', import.meta.url));
const program = join(dist, 'main.js');

for (const name of readdirSync(dist, { recursive: true })) {
  if (!name.endsWith('.js') || existsSync(join(sources, name.replace(/js$/, 'ts')))) continue;
  rmSync(join(dist, name));
}

if (!readFileSync(program, 'utf8').startsWith('#!/usr/bin/env node\n')) {
  console.error('dist/main.js does not begin with "#!/usr/bin/env node": src/main.ts must.');
  process.exit(1);
}
chmodSync(program, 0o755);
// tsc leaves unchanged files alone; setup.mjs takes this one's time for the time of the build.
const now = new Date();
utimesSync(program, now, now);
