/**
 * Compiles every C file for the BSDs, against their own headers and without making a program: what can be known of them on another
 * system. HEADERS is a folder with one folder for each; CONTRIBUTING.md says how to fill it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NATIVE = new URL('../src/keeper/native/', import.meta.url).pathname;

const SYSTEMS = [
  { name: 'FreeBSD 14', target: 'x86_64-unknown-freebsd14', folders: ['freebsd'], version: '1403000' },
  // Only what is new in 15 need be in its folder.
  {
    name: 'FreeBSD 15',
    target: 'x86_64-unknown-freebsd15',
    folders: ['freebsd15', 'freebsd'],
    optional: true,
    version: '1500068',
  },
  { name: 'DragonFly', target: 'x86_64-unknown-dragonfly', folders: ['dragonfly'] },
];

const headers = process.env['HEADERS'];
if (!headers) {
  console.error(
    'check:bsd: HEADERS=FOLDER is needed, with freebsd/ and dragonfly/ in it (see CONTRIBUTING.md)',
  );
  process.exit(64);
}

const own = spawnSync('clang', ['-print-resource-dir'], { encoding: 'utf8' });
if (own.status !== 0) {
  console.error('check:bsd: clang is needed');
  process.exit(69);
}
const files = ['', 'chroot', 'probe'].flatMap((folder) =>
  readdirSync(join(NATIVE, folder))
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(folder, name)),
);

let failed = false;
for (const { name, target, folders, version, optional } of SYSTEMS) {
  const missing = folders.map((folder) => join(headers, folder)).find((folder) => !existsSync(folder));
  if (missing) {
    console.log(`${name}: not checked, there is no ${missing}`);
    failed ||= !optional;
    continue;
  }
  const include = [join(own.stdout.trim(), 'include'), ...folders.map((folder) => join(headers, folder))];
  const args = ['-target', target, '-nostdinc', ...include.flatMap((folder) => ['-isystem', folder])];
  if (version) args.push(`-D__FreeBSD_version=${version}`);
  args.push('-std=c11', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', ...files);
  const { status } = spawnSync('clang', args, { cwd: NATIVE, stdio: 'inherit' });
  failed ||= status !== 0;
  console.log(
    `${name}: ${files.length} files ${status === 0 ? 'accepted' : 'checked, with the errors above'}`,
  );
}
process.exit(failed ? 1 : 0);
