import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Jail } from '../../src/jails/jail.ts';
import { look, lookPid } from '../../src/jails/look.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { isAlive } from '../rig/proc.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const looks = suite('looking at a jail');
const unless = unshared.available();

story(looks, 'by name alone finds nothing on Linux, and says what to write', {}, async () => {
  const sighting = await look('web', { by: 'name' });
  assert.equal(sighting, {
    name: 'web',
    absent: 'no jail named "web" runs; on Linux say pid: or chroot:',
  });
});

story(looks, 'by pid refuses a process of the host, and ourselves', {}, async () => {
  const refused = /^pid \d+ \(.+\) lives in the host's PID namespace$/;
  for (const pid of [1, process.pid, process.ppid]) {
    const sighting = lookPid(pid);
    assert.match('refused' in sighting ? sighting.refused : JSON.stringify(sighting), refused);
  }
});

story(looks, 'a name that a process gave itself comes to nobody as a control sequence', {}, async (t) => {
  const writeName = `import('node:fs').then((fs) => fs.writeFileSync('/proc/self/comm', 'a)\\u001b[31m Z'));`;
  const named = spawn(process.execPath, ['-e', `${writeName} setInterval(() => {}, 1e6)`], {
    stdio: 'ignore',
  });
  t.defer('end node', () => named.kill('SIGKILL'));
  const sighting = await until(() => {
    const sighting = lookPid(named.pid ?? 0);
    return 'refused' in sighting && sighting.refused.includes('?') ? sighting.refused : undefined;
  }, 'the process has named itself');
  assert.is(sighting, `pid ${named.pid} (a)?[31m Z) lives in the host's PID namespace`);
});

story(looks, 'a process that has ended but was not reaped is no jail', { unless }, async (t) => {
  // The shell becomes a sleep, which does not wait for its child.
  const parent = spawn('unshare', ['--pid', 'sh', '-c', 'sh -c "exit 0" & exec sleep 60'], {
    stdio: 'ignore',
  });
  t.defer('end the parent', () => parent.kill('SIGKILL'));
  const zombie = await until(() => {
    const children = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'latin1').trim();
    return children !== '' && !isAlive(Number(children)) ? Number(children) : undefined;
  }, 'a zombie is there');
  assert.equal(lookPid(zombie), { name: String(zombie), absent: `process ${zombie} has ended` });
});

story(looks, 'a thread stands for nothing', {}, async () => {
  const thread = Number(readdirSync('/proc/self/task').find((name) => name !== String(process.pid)));
  const sighting = lookPid(thread);
  assert.is(
    'refused' in sighting && sighting.refused,
    `pid ${thread} is a thread of process ${process.pid}: name that process`,
  );
});

story(looks, 'two jails in one PID namespace can be told to share it', { unless }, async (t) => {
  const jail = await unshared.start(t, 'web');
  const other = await unshared.start(t, 'db');
  const [first, elsewhere] = [jailOf(lookPid(jail.pid)), jailOf(lookPid(other.pid))];
  assert.is.not(first.pidNamespace, elsewhere.pidNamespace);
  const sleeper = await until(async () => {
    return Number(readFileSync(`/proc/${jail.pid}/task/${jail.pid}/children`, 'latin1').trim().split(' ')[0]);
  }, 'the jail has a second process');
  const second = jailOf(lookPid(sleeper));
  assert.is(second.pidNamespace, first.pidNamespace);
  assert.is.not(second.instance, first.instance);
});

story(looks, 'a directory is a jail, and another one in its place another instance', {}, async (t) => {
  const path = join(t.dir, 'build');
  const see = () => look('build', { by: 'chroot', path });
  assert.equal(await see(), { name: 'build', absent: `no directory ${path}` });
  await mkdir(path);
  const first = jailOf(await see());
  assert.is(first.kind, 'chroot');
  assert.is(first.path, path);
  assert.match(first.instance, /^\d+:\d+:\d+$/);
  await writeFile(join(path, 'file'), ''); // the directory changes: the jail does not
  assert.is(jailOf(await see()).instance, first.instance);
  assert.is(jailOf(await look('build', { by: 'chroot', path: `${path}/` })).instance, first.instance);

  await rename(path, `${path}.old`);
  await mkdir(path);
  assert.is.not(jailOf(await see()).instance, first.instance);
  await rmdir(path);
  assert.ok('absent' in (await see()));
});

story(looks, 'what chroot(2) would refuse is refused with its name', {}, async (t) => {
  const refusal = async (path: string): Promise<string> => {
    const sighting = await look('build', { by: 'chroot', path });
    if ('refused' in sighting) return sighting.refused;
    return 'absent' in sighting ? `absent: ${sighting.absent}` : JSON.stringify(sighting);
  };
  await symlink('/usr', join(t.dir, 'link'));
  await writeFile(join(t.dir, 'file'), '');
  await symlink('loop', join(t.dir, 'loop'));
  assert.match(await refusal(join(t.dir, 'link')), /is a symbolic link/);
  assert.match(await refusal(join(t.dir, 'link/')), /is a symbolic link/);
  // What is no directory now may be one again: it does not run.
  assert.match(await refusal(join(t.dir, 'file')), /^absent: chroot: ENOTDIR, .* is not a directory$/);
  assert.match(
    await refusal(join(t.dir, 'file', 'below')),
    /^absent: chroot: ENOTDIR, .*"file" is not a dir/,
  );
  assert.match(
    await refusal(join(t.dir, 'loop', 'below')),
    /^chroot: ELOOP, .*: "loop" leads through too many/,
  );
  assert.match(await refusal(`/${'x'.repeat(256)}`), /^chroot: ENAMETOOLONG, a component is over 255 bytes/);
  assert.match(await refusal('/xxxxxxxxx'.repeat(103)), /^chroot: ENAMETOOLONG, the path is over 1023 bytes/);
  for (const root of ['/', '//', '/tmp/..']) assert.match(await refusal(root), /is the host's own root$/);
  assert.match(await refusal('relative'), /is not an absolute path$/);
});

looks.run();

function jailOf(sighting: Awaited<ReturnType<typeof look>>): Jail {
  if ('jail' in sighting) return sighting.jail;
  throw new Error(`not seen: ${JSON.stringify(sighting)}`);
}
