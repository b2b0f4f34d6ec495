/** The other systems: the same files, compiled as they compile them. What their kernels do is not tried. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { execute } from '../rig/execute.ts';
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

run();
