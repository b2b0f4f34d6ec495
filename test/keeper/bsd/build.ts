import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../../rig/execute.ts';
import { missing } from '../../rig/proc.ts';
import type { Teller } from '../../rig/story.ts';

const NATIVE = join(import.meta.dirname, '../../../src/keeper/native');
const PORT = import.meta.dirname;

/** Where libkqueue is: a folder with `include/sys/event.h` and `libkqueue.a`, or what a package has put into the system. */
const LIBRARY = process.env['LIBKQUEUE'];
const INCLUDE = LIBRARY ? join(LIBRARY, 'include') : '/usr/include/kqueue';

/** Why the BSD side cannot be built here; undefined when it can. */
export function unbuildable(): string | undefined {
  if (process.platform !== 'linux') return 'this is for Linux';
  if (!existsSync(join(INCLUDE, 'sys/event.h'))) return 'no libkqueue; LIBKQUEUE=FOLDER says where it is';
  return missing('cc');
}

export type Bsd = 'FreeBSD' | 'DragonFly';

export interface BuiltForBsd {
  /** The keeper's path. */
  readonly program: string;
  /** The jails are the folders in here. */
  readonly jails: string;
  /** FreeBSD: the names of jails are the texts of the files in here. */
  readonly names: string;
}

/**
 * The keeper and the probe as they are on FreeBSD, or on DragonFly before 6.0, but for Linux: the same files with `__linux__`
 * undefined, and port.c in the place of the system.
 */
export async function buildForBsd(t: Teller, system: Bsd): Promise<BuiltForBsd> {
  const out = join(t.dir, 'bsd');
  const [jails, names] = [join(out, 'jails'), join(out, 'names')];
  for (const folder of [jails, names]) mkdirSync(folder, { recursive: true });
  const program = join(out, 'keeper');
  const flags = [
    '-std=c11',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-Wno-format-truncation',
    '-U__linux__',
    '-D_GNU_SOURCE',
    `-D__${system}__`,
  ];
  const own = join(PORT, system.toLowerCase());
  const where = ['-I', PORT, '-I', own, '-I', INCLUDE, '-include', join(PORT, 'port.h')];
  const cc = (...args: string[]): Promise<string> =>
    must('cc', [...flags, ...where, ...args], { cwd: NATIVE, seconds: 120 });
  const sources = readdirSync(NATIVE).filter((name) => name.endsWith('.c'));
  const library = LIBRARY ? [join(LIBRARY, 'libkqueue.a')] : ['-lkqueue'];

  await cc('-DPORT', '-DWITH_QUEUE', '-c', '-o', join(out, 'port.o'), join(PORT, 'port.c'));
  await cc('-DPORT', '-c', '-o', join(out, 'port-probe.o'), join(PORT, 'port.c'));
  await cc('-DPORT', '-c', '-o', join(out, 'port-freebsd.o'), join(PORT, 'port_freebsd.c'));
  await cc(
    '-o',
    program,
    ...sources,
    'chroot/root_path.c',
    join(out, 'port.o'),
    join(out, 'port-freebsd.o'),
    ...library,
    '-lpthread',
    '-lrt',
  );
  const ports = [join(out, 'port-probe.o'), join(out, 'port-freebsd.o')];
  await cc('-o', join(out, 'jaildaemon-probe'), 'probe/lock_bsd.c', 'probe/probe_bsd.c', ...ports);
  return { program, jails, names };
}
