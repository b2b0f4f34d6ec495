import { existsSync, rmSync } from 'node:fs';
import { chown, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from './execute.ts';
import type { Teller } from './story.ts';

/**
 * busybox, and the real pkill, pgrep and ps with their libraries: busybox as Debian builds it has no pkill. Without
 * /dev/null its shell can start nothing in the background.
 */
const RECIPE = `
set -e
mkdir -p bin proc sys dev tmp etc root run usr/bin lib64
cp "$(command -v busybox)" bin/busybox
for applet in $(bin/busybox --list); do [ "$applet" = busybox ] || ln -sf busybox "bin/$applet"; done
for tool in pkill pgrep ps; do cp -L "$(command -v $tool)" usr/bin/$tool; done
for lib in $(ldd usr/bin/pkill usr/bin/ps | grep -o '/[^ ]*' | grep -v :$ | sort -u); do
  mkdir -p ".$(dirname "$lib")"; cp -L "$lib" ".$lib"
done
echo 'root:x:0:0:root:/root:/bin/sh' > etc/passwd
echo 'www:x:80:80:www:/:/bin/sh' >> etc/passwd
echo 'root:x:0:' > etc/group
mknod -m 666 dev/null c 1 3; mknod -m 666 dev/zero c 1 5
`;

/** What a rootfs is built from; where one is missing, the stories that need it are skipped. */
export const ROOTFS_TOOLS = ['busybox', 'pkill', 'pgrep', 'ps', 'ldd'];

/** A root directory for a jail in the story's folder: a copy of the one that was built for this run. */
export async function rootfs(t: Teller, name: string, owner = 0): Promise<string> {
  const root = join(t.dir, name);
  await must('cp', ['-a', await template(), root]);
  if (owner === 0) await chown(root, 0, 0);
  else await must('chown', ['-R', `${owner}:${owner}`, root]);
  return root;
}

/** Built once per run, in the runner's folder; a file that runs alone builds its own and takes it away at its end. */
async function template(): Promise<string> {
  const shared = process.env['JAILDAEMON_TEST_CACHE'];
  const folder = shared ?? ownFolder(await mkdtemp(join(tmpdir(), 'jd-cache-')));
  const built = join(folder, 'rootfs');
  if (existsSync(built)) return built;
  const fresh = await mkdtemp(join(folder, 'new-'));
  await must('sh', ['-c', RECIPE], { cwd: fresh });
  await must('chmod', ['755', fresh]);
  try {
    await rename(fresh, built);
  } catch {
    await rm(fresh, { recursive: true, force: true }); // another file of this run was quicker
  }
  return built;
}

function ownFolder(folder: string): string {
  process.env['JAILDAEMON_TEST_CACHE'] = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
