// Makes what tsc wrote a program: the first line says who runs it, the mode that it may be run.
import { chmodSync, readFileSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

if (!readFileSync(program, 'utf8').startsWith('#!/usr/bin/env node\n')) {
  console.error('dist/main.js does not begin with "#!/usr/bin/env node": src/main.ts must.');
  process.exit(1);
}
chmodSync(program, 0o755);
// tsc leaves unchanged files alone; setup.mjs takes this one's time for the time of the build.
const now = new Date();
utimesSync(program, now, now);
