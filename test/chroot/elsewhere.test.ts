/** The other systems: the same files, compiled as they compile them. What their kernels do is not tried. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { execute } from '../rig/execute.ts';
import { isAlive } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { built, opening, PRIMITIVE, root, stories } from './rig.ts';

const { tell, run } = stories('elsewhere');
const ours = ['change_root_mount.c', ...PRIMITIVE];

tell('FreeBSD: for --kernel there is no such call, and that has a name', async (t) => {
  const { stderr } = await execute(await built(t, 'elsewhere', '-U__linux__', ...ours), ['/']);
  assert.is(
    stderr,
    'jaildaemon: chroot: ENOSYS: /: chroot_kernel(2): Function not implemented; this system cannot replace its root mount\n',
  );
});

tell('DragonFly: process 1 alone may, since it takes the whole system’s root away', async (t) => {
  const program = await built(
    t,
    'elsewhere',
    '-U__linux__',
    '-D__DragonFly__',
    '-Wno-implicit-function-declaration',
    ...ours,
  );
  const dir = await root(t);
  await writeFile(join(dir, 'only-here'), '');
  const refused = await execute(program, [dir]);
  assert.is(
    refused.stderr,
    `jaildaemon: chroot: EPERM: ${dir}: chroot_kernel(2): Operation not permitted; it takes the whole system's root away, and only process 1 may do that\n`,
  );
  assert.is(refused.stdout, '', 'the call was not made');

  const first = await execute('unshare', ['--pid', '--fork', program, dir]);
  assert.is(first.stdout, `chroot_kernel ${dir}\nroot: changed\n`, 'both calls, in this order');
});

tell('BSD: rule 0 looks at every number; rule 1 is the kernel’s own to keep', async (t) => {
  const program = await built(t, 'primitive', '-U__linux__', ...PRIMITIVE);
  const outcome = async (rule: string): Promise<string | undefined> => {
    const [file, ...words] = [...opening('7</tmp'), program, 'cwd', t.dir, rule];
    return /^change_root: (.+)$/m.exec((await execute(file, words)).stdout)?.[1];
  };
  assert.equal([await outcome('0'), await outcome('1'), await outcome('2')], ['EPERM', 'done', 'done']);
});

tell('BSD: what the kernel refuses by its own rule is named, and that rule', async (t) => {
  const program = await built(t, 'forbidding', '-U__linux__', ...PRIMITIVE);
  const [file, ...words] = [...opening('7</tmp'), program, t.dir];
  const refused = await execute(file ?? '', words);
  assert.is(
    refused.stderr,
    `jaildaemon: chroot: EPERM: ${t.dir}: descriptor 7 is an open directory, /tmp
  the old root can be reached through it: close it (in a shell: 7<&-), or set kern.chroot_allow_open_directories, the kernel's own rule, to 2
`,
  );
  assert.is((await execute(program, [t.dir])).code, 0);
});

tell('DragonFly: the command ends with who asked for it', async (t) => {
  const include = `-I${join(import.meta.dirname, 'native/dragonfly')}`;
  const program = await built(t, 'ends', include, '-U__linux__', '-D__DragonFly__', 'end_with.c');
  const parent = spawn('sh', ['-c', '"$1"; exit', 'sh', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
  t.defer('end what should have ended', () => void (isAlive(pid) && process.kill(pid, 'SIGKILL')));
  parent.kill('SIGKILL');
  await until(() => !isAlive(pid), 'it goes with its parent');
});

run();
