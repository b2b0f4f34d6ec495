/** Who waits for the end of a daemon waits for its process, and not for that process's parent. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { untilEnded } from '../../src/cli/until-ended.ts';
import { launch } from '../rig/launch.ts';
import { commandOf, isAlive, killExactly, startOf } from '../rig/proc.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const test = suite('until ended');

story(test, 'a process has ended although its parent never takes note of it', {}, async (t) => {
  // The shell becomes a program that never waits for the child that it has inherited.
  const parent = launch(t, 'careless', ['/bin/sh', '-c', 'sleep 60 & echo $!; exec sleep 60']);
  const pid = await until(
    () => Number(/^\d+$/.exec(parent.told())?.[0] ?? 0) || undefined,
    'the child is named',
  );
  const start = startOf(pid);
  t.defer('end the child', () => killExactly(pid, start));
  await until(() => commandOf(parent.pid) === 'sleep', 'nobody waits for it any more');
  process.kill(pid, 'SIGKILL');
  assert.is(await untilEnded(pid), true);
  process.kill(pid, 0); // as far as its number goes, it is still there
});

story(test, 'a process that goes on is waited for, until it ends', {}, async (t) => {
  const { pid, child } = launch(t, 'sleeper', ['sleep', '60']);
  const livedOn = untilEnded(pid).then(() => isAlive(pid));
  child.kill();
  assert.is(await livedOn, false);
});

test.run();
