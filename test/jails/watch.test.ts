import { renameSync } from 'node:fs';
import { mkdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { watchPidfiles, type PidfileWatch } from '../../src/jails/watch.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const watching = suite('pidfiles are watched');

/** A watch that notes what it is told, to be waited for. */
function watchFor(
  t: Teller,
  paths: readonly string[],
): { watch: PidfileWatch; told(path: string): Promise<void> } {
  const heard = new Set<string>();
  const watch = watchPidfiles(paths, (path) => heard.add(path));
  t.defer('close the watch', () => watch.close());
  return {
    watch,
    // Well below the rescan of two seconds: nobody may say that it was the net that caught it.
    async told(path) {
      await until(() => heard.has(path), `a change of ${path} is told`, { seconds: 1 });
      heard.clear();
    },
  };
}

story(watching, 'made, written, replaced and removed', {}, async (t) => {
  const [path, other] = [join(t.dir, 'web.pid'), join(t.dir, 'other.pid')];
  const { told } = watchFor(t, [path, other]);
  await writeFile(path, '1\n');
  await told(path);
  await writeFile(path, '2\n');
  await told(path);
  await writeFile(`${path}.new`, '3\n');
  await rename(`${path}.new`, path);
  await told(path);
  await unlink(path);
  await told(path);
  await writeFile(other, '1\n');
  await told(other);
});

story(watching, 'a folder that does not exist yet, nor the one above it', {}, async (t) => {
  const path = join(t.dir, 'a', 'b', 'web.pid');
  const { told } = watchFor(t, [path]);
  await mkdir(join(t.dir, 'a'));
  await mkdir(join(t.dir, 'a', 'b'));
  await told(path);
  await writeFile(path, '1\n');
  await told(path);
});

story(watching, 'a folder that is removed and made again', {}, async (t) => {
  const path = join(t.dir, 'run', 'web.pid');
  await mkdir(join(t.dir, 'run'));
  await writeFile(path, '1\n');
  const { told } = watchFor(t, [path]);
  for (let round = 0; round < 3; round += 1) {
    await rm(join(t.dir, 'run'), { recursive: true });
    await told(path);
    await mkdir(join(t.dir, 'run'));
    await told(path);
    await writeFile(path, '2\n');
    await told(path);
  }
});

story(watching, 'a folder that is moved away, with another in its place', {}, async (t) => {
  const path = join(t.dir, 'run', 'web.pid');
  await mkdir(join(t.dir, 'run'));
  const { told } = watchFor(t, [path]);
  await mkdir(join(t.dir, 'next'));
  // At one stroke: the watch never sees the moment without a folder.
  renameSync(join(t.dir, 'run'), join(t.dir, 'old'));
  renameSync(join(t.dir, 'next'), join(t.dir, 'run'));
  await told(path);
  await writeFile(path, '2\n');
  await told(path);
});

story(watching, 'other pidfiles from now on', {}, async (t) => {
  const [first, second] = [join(t.dir, 'a', 'web.pid'), join(t.dir, 'b', 'web.pid')];
  await mkdir(join(t.dir, 'a'));
  await mkdir(join(t.dir, 'b'));
  const heard: string[] = [];
  const watch = watchPidfiles([first], (path) => heard.push(path));
  t.defer('close the watch', () => watch.close());
  watch.set([second]);
  await writeFile(first, '1\n');
  await writeFile(second, '1\n');
  await until(() => heard.includes(second), 'the second is told', { seconds: 1 });
  assert.not.ok(heard.includes(first));
  watch.close();
  assert.is(heard.filter((path) => path === first).length, 0);
});

watching.run();
