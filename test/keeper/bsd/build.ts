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

/** FreeBSD before and from 15 on, and DragonFly before 6.0. */
export type Bsd = 'FreeBSD' | 'FreeBSD15' | 'DragonFly';

export interface BuiltForBsd {
  /** The keeper's path. */
  readonly program: string;
  /** The jails are the folders in here. */
  readonly jails: string;
  /** FreeBSD: the names of jails are the texts of the files in here. */
  readonly names: string;
  /** FreeBSD 15: what is written here, a line `removed JID` or `created JID`, the kernel tells. */
  readonly news: string;
}

const FLAGS: Readonly<Record<Bsd, readonly string[]>> = {
  FreeBSD: ['-D__FreeBSD__'],
  FreeBSD15: ['-D__FreeBSD__', '-DFREEBSD_15'],
  DragonFly: ['-D__DragonFly__'],
};

/** The keeper and the probe as they are there, but for Linux: the same files with `__linux__` undefined, and port*.c in the place of the system. */
export async function buildForBsd(t: Teller, system: Bsd): Promise<BuiltForBsd> {
  const out = join(t.dir, 'bsd');
  const [jails, names, news] = ['jails', 'names', 'news'].map((name) => join(out, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [jails, names]) mkdirSync(folder, { recursive: true });
  await must('mkfifo', [news]);
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
    ...FLAGS[system],
  ];
  const own = join(PORT, system === 'DragonFly' ? 'dragonfly' : 'freebsd');
  const where = ['-I', PORT, '-I', own, '-I', INCLUDE, '-include', join(PORT, 'port.h')];
  const cc = (...args: string[]): Promise<string> =>
    must('cc', [...flags, ...where, ...args], { cwd: NATIVE, seconds: 120 });
  const sources = readdirSync(NATIVE).filter((name) => name.endsWith('.c'));
  const library = LIBRARY ? [join(LIBRARY, 'libkqueue.a')] : ['-lkqueue'];

  const port = async (object: string, source: string, ...more: readonly string[]): Promise<string> => {
    await cc('-DPORT', ...more, '-c', '-o', join(out, object), join(PORT, source));
    return join(out, object);
  };
  const freebsd = await port('port-freebsd.o', 'port_freebsd.c');
  const ports = [
    await port('port.o', 'port.c', '-DWITH_QUEUE'),
    await port('port-events.o', 'port_events.c'),
    freebsd,
  ];
  await cc('-o', program, ...sources, 'chroot/root_path.c', ...ports, ...library, '-lpthread', '-lrt');
  const probe = ['probe/lock_bsd.c', 'probe/probe_bsd.c', await port('port-probe.o', 'port.c'), freebsd];
  await cc('-o', join(out, 'jaildaemon-probe'), ...probe);
  return { program, jails, names, news };
}
