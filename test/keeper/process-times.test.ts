/** When a process was started, as the BSDs tell it: by ps(1), whose columns Linux has too. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMarkers } from '../../src/keeper/markers.ts';
import { seeProcess } from '../../src/keeper/process.ts';
import { fromPs, parseStart, processTimes } from '../../src/keeper/process-times.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const times = suite('when a process was started');

story(times, 'what ps prints', {}, async () => {
  const moment = Date.UTC(2026, 10, 3, 16, 23, 7);
  for (const line of [
    'SJ    Tue Nov  3 16:23:07 2026\n',
    'Is   Tue Nov  3 16:23:07 2026    ',
    '  R+ Tue Nov 3 16:23:07 2026',
  ])
    assert.is(parseStart(line), moment, line);
  for (const none of [
    '',
    'Z    Tue Nov  3 16:23:07 2026',
    'S - -',
    'S Tue Foo  3 16:23:07 2026',
    'ps: illegal option',
  ])
    assert.is(parseStart(none), undefined, none);
});

story(times, 'a living process was started in the same second for /proc and for ps', {}, async (t) => {
  const child = spawn('sleep', ['60']);
  t.defer('end it', () => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  // Of /proc the clock has to be taken too: the two may have been begun apart.
  const [proc, ps] = [processTimes('Linux'), fromPs('/bin/ps')];
  const age = (of: typeof ps): number => of.now() - (of.startOf(pid) ?? Infinity);
  assert.ok(Math.abs(age(ps) - age(proc)) <= ps.within, `${age(ps)} and ${age(proc)} ms`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.is(ps.startOf(pid), undefined);
  assert.is(fromPs('/nowhere/ps').startOf(1), undefined);
});

story(times, 'whether a process is stopped, as both tell it', {}, async (t) => {
  const child = spawn('sleep', ['60']);
  t.defer('end it', () => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  for (const platform of ['Linux', 'FreeBSD'] as const) {
    const before = await seeProcess(pid, platform);
    assert.is(before?.stopped, false, platform);
    child.kill('SIGSTOP');
    const stopped = await until(async () => {
      const seen = await seeProcess(pid, platform);
      return seen?.stopped ? seen : undefined;
    }, `it is stopped (${platform})`);
    assert.is(stopped.start, before?.start);
    assert.ok(stopped.start !== '');
    child.kill('SIGCONT');
    await until(async () => (await seeProcess(pid, platform))?.stopped === false, `it goes on (${platform})`);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const platform of ['Linux', 'FreeBSD'] as const) assert.is(await seeProcess(pid, platform), undefined);
});

story(times, 'a marker is of this process, and not of one that got its pid later', {}, async (t) => {
  const child = spawn('sleep', ['60']);
  t.defer('end it', () => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const ps = fromPs('/bin/ps');
  // Exactly when it was started, which the keeper's marker is within milliseconds of.
  const now = Math.round(processTimes('Linux').startOf(pid) ?? 0);
  await mkdir(join(t.dir, 'running'));
  await symlink(`${pid} ${now} b:7:3 web/A`, join(t.dir, 'running', '00000000-1'));
  await symlink(`${pid} ${now - 60_000} b:7:3 web/A`, join(t.dir, 'running', '00000000-2'));
  const markers = openMarkers(t.dir, ps);
  const found = new Map(markers.leftByOthers(new Set()).map((orphan) => [orphan.run, orphan]));
  const [fresh, old] = [found.get('00000000-1'), found.get('00000000-2')];
  assert.ok(fresh && markers.lives(fresh));
  assert.not(old && markers.lives(old));
});

story(times, 'a marker that names a process by which everybody would be meant is none', {}, async (t) => {
  await mkdir(join(t.dir, 'running'));
  for (const [at, pid] of ['0', '1', '00', '01'].entries())
    await symlink(`${pid} 0 b:7:3 web/A`, join(t.dir, 'running', `00000000-${at + 1}`));
  assert.equal(openMarkers(t.dir).leftByOthers(new Set()), []);
});

times.run();
