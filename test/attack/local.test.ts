// limit: 150 s
/** A user of the host without rights who wants root: by the sockets, by planted names, by what others leave to him. */
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, chown, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hup, jaildaemon, pidfileOf, scene, traces } from '../daemon/scene.ts';
import { examineNeighbours } from '../../src/doctor/neighbours.ts';
import { listeningKeepers } from '../../src/keeper/listeners.ts';
import { daemon } from '../rig/daemon.ts';
import { execute, type Outcome } from '../rig/execute.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { launch } from '../rig/launch.ts';
import { commandLineOf, missing } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { attacks, hold, isFull } from './attack.ts';
import { bring, findingsIn, noAttackers } from './attacker.ts';

const { attack, run } = attacks('a local user');
const NOBODY = 65534;
/** Before a command that is to be his. */
const NOBODYS = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', '--'];
/** Of a command line: enough to be seen, and little enough for others that read it meanwhile. */
const MEBIBYTES = 256;
const options = { who: `uid ${NOBODY}`, unless: noAttackers() ?? missing('setpriv') };

attack('use the sockets, read the outputs, the history, the state', options, async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: `echo told; ${at.says('ran')}`, respawn: 'after' },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.hup();
  await s.reach(1);
  await until(async () => (await s.host.history())[0]?.exitCode === 0, 'the run is in the history');
  hold((statSync(s.host.state).mode & 0o777) === 0o700, 'the state directory is open');
  // Not even when somebody opens the directories by mistake.
  for (const folder of [s.host.dir, s.host.state, ...foldersBelow(s.host.state)]) await chmod(folder, 0o755);
  const below = readdirSync(s.host.state, { recursive: true, encoding: 'utf8' }).map((n) =>
    join(s.host.state, n),
  );
  // Of a symlink only what it leads to has a mode: the one that is there leads to the socket.
  const paths = [s.host.socket, ...below, join(s.host.dir, 'pid'), join(s.host.dir, 'log')].filter((path) => {
    const found = lstatSync(path);
    return !found.isDirectory() && !found.isSymbolicLink();
  });
  hold(
    paths.some((path) => path.includes('/output/')),
    'there is no output to be read',
  );
  for (const path of paths) {
    const mode = lstatSync(path).mode & 0o777;
    hold(mode === 0o600, `${path} has mode 0${mode.toString(8)}`);
  }
  const report = await asNobody([await bring('knock', t.dir), ...paths]);
  for (const [way, results] of findingsIn(report.stdout))
    hold(!results.includes('ok'), `${way}: ${results.join(' ')} of ${paths.join(' ')}`);
  const refused = await asNobody([process.execPath, 'dist/main.js', 'stop', '-f', s.host.socket]);
  hold(refused.code === 77, `stop ends with ${refused.code}`);
  await s.host.reaches('web/BUTTON', 'armed');
  return `EACCES for each of ${paths.length}: all are 0600, below directories of 0700; the CLI says 77`;
});

attack('plant links and files where the daemon is to write', options, async (t) => {
  const results: string[] = [];
  for (const plant of ['symlink', 'hard link', 'file of his', 'FIFO'] as const) {
    const places = ['socket', 'pidfile', 'log', 'state'] as const;
    results.push(...(await Promise.all(places.map((place) => planted(t, plant, place)))));
  }
  // In a directory that is his he can exchange whatever is made there.
  const his = await folderOf(t, NOBODY, 'his-own', 0o755);
  for (const place of ['socket', 'pidfile', 'state', 'config'] as const) {
    await mkdir(join(his, place));
    const path = join(his, place, place);
    if (place === 'config') await writeFile(path, 'jails: {}\n', { mode: 0o600 });
    const { code, stderr } = await jaildaemon(['-D', ...(await ownPaths(t, { [place]: path }))]);
    hold(code === (place === 'config' ? 78 : 77), `${place} in a directory of his: exit ${code} ${stderr}`);
    results.push('refused');
  }
  const refused = results.filter((result) => result === 'refused').length;
  const others = results.length - refused;
  return `${refused} refused${others > 0 ? `, ${others} replaced by a new one` : ''}; no file of others was touched`;
});

attack(
  'swap the names while the daemon makes them',
  { ...options, seconds: isFull ? 200 : 80 },
  async (t) => {
    const swap = await bring('swap', t.dir);
    const rounds = isFull ? 40 : 4;
    let started = 0;
    const raced = async (place: string): Promise<void> => {
      const common = await folderOf(t, 0, `race-${place}`, 0o1777);
      const precious = join(t.dir, `precious-${place}`);
      await writeFile(precious, 'precious\n', { mode: 0o600 });
      const race = asNobody([swap, join(common, place), precious, isFull ? '60' : '6']);
      for (let round = 0; round < rounds; round++) {
        const paths = await ownPaths(t, { [place]: join(common, place) });
        const { code } = await jaildaemon(['-D', ...paths]);
        if (code === 0) {
          started++;
          await jaildaemon(['stop', '-f', paths[paths.indexOf('--socket') + 1] ?? '']);
        }
        for (const pid of keepersOf(paths)) process.kill(pid, 'SIGTERM');
      }
      await race;
      hold(readFileSync(precious, 'utf8') === 'precious\n', `${place}: somebody’s file was written to`);
      hold((statSync(precious).mode & 0o777) === 0o600, `${place}: somebody’s file has another mode`);
    };
    await Promise.all(['socket', 'pidfile', 'log'].map(raced));
    return `${3 * rounds} starts (${started} got through): nobody else’s file was touched`;
  },
);

attack('swap the configuration, or a directory above it', options, async (t) => {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const his = await folderOf(t, NOBODY, 'his', 0o755);
  const probes = { BUTTON: { command: at.says('good'), respawn: 'after' } };
  const host = await daemon(
    t,
    JSON.stringify({ include: [`${his}/*.yml`], jails: { web: { pid: pidfileOf(jail), probes } } }),
  ).catch((error: unknown) => String(error));
  hold(typeof host === 'string' && host.includes('belongs to uid 65534'), 'an include of his was taken');
  // Sound when the daemon starts; then he gets the directory above.
  const above = join(t.dir, 'above');
  await mkdir(join(above, 'conf'), { recursive: true, mode: 0o755 });
  const file = join(above, 'conf', 'jaildaemon.yml');
  await writeFile(file, JSON.stringify({ jails: { web: { pid: pidfileOf(jail), probes } } }), {
    mode: 0o644,
  });
  const paths = await ownPaths(t, { config: file });
  const socket = paths[paths.indexOf('--socket') + 1] ?? '';
  const { code, stderr } = await jaildaemon(['-D', ...paths]);
  t.defer('stop it', () => jaildaemon(['stop', '-f', socket]));
  hold(code === 0, stderr);
  await chown(above, NOBODY, NOBODY);
  const evil = JSON.stringify({
    jails: { web: { pid: pidfileOf(jail), probes: { BUTTON: { command: at.says('evil') } } } },
  });
  const swapped = await asNobody([
    '/bin/sh',
    '-c',
    'cd "$0" && mv conf old && mkdir conf && printf %s "$1" >conf/jaildaemon.yml && chmod 600 conf/jaildaemon.yml',
    above,
    evil,
  ]);
  hold(swapped.code === 0, swapped.stderr);
  const reload = await jaildaemon(['reload', '-f', socket]);
  hold(reload.code !== 0, 'the reload took it');
  await hup(jail, 'BUTTON');
  const lines = await at.reach(1);
  hold(lines.join() === 'good', `ran: ${lines.join()}`);
  return `refused (${reload.code}): the old generation holds, and its command runs`;
});

attack('a command line without end, and a socket by the name of a keeper', options, async (t) => {
  const paths = await ownPaths(t, {});
  const endless = launch(t, 'endless', [...NOBODYS, await bring('endless', t.dir), String(MEBIBYTES)]);
  const told = await until(() => /^set\t(\S+)/m.exec(endless.told())?.[1], 'it has tried');
  if (told !== 'ok') return `${told}: this kernel lets nobody say where his command line is`;
  // A daemon that begins looks for keepers without a name, as soon as somebody listens who could be one.
  const his = await folderOf(t, NOBODY, 'his-socket', 0o755);
  const listen = `process.chdir(${JSON.stringify(his)}); require('net').createServer().listen('keeper.deadbee0.sock')`;
  launch(t, 'listener', [...NOBODYS, process.execPath, '-e', listen]);
  const listens = (): boolean => listeningKeepers().some(({ epoch }) => epoch === 'deadbee0');
  await until(listens, 'somebody listens by the name of a keeper');
  const { code, stderr } = await jaildaemon(['-D', ...paths]);
  const socket = paths[paths.indexOf('--socket') + 1] ?? '';
  t.defer('stop it', () => jaildaemon(['stop', '-f', socket]));
  hold(code === 0, stderr);
  const pid = readFileSync(paths[paths.indexOf('--pidfile') + 1] ?? '', 'utf8').trim();
  const most = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
  hold(most < MEBIBYTES, `the daemon has taken ${most.toFixed(0)} MiB`);
  const before = process.memoryUsage.rss();
  examineNeighbours({ daemon: { pid: 0, version: '', uid: 0 }, config: '', own: [], jails: [], probes: [] });
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  hold(grown < MEBIBYTES / 2, `doctor has taken ${grown.toFixed(0)} MiB`);
  return `of ${MEBIBYTES} MiB 64 KiB are read: the daemon starts with ${most.toFixed(0)} MiB`;
});

attack(
  'set the environment of root’s jaildaemon -D',
  { ...options, who: 'the caller’s environment' },
  async (t) => {
    const jail = await unshared.start(t, 'web');
    const at = await traces(t);
    const evil = join(t.dir, 'evil');
    await mkdir(evil);
    for (const name of ['sh', 'id', 'getent', 'logger', 'env', 'node'])
      await writeFile(join(evil, name), `#!/bin/sh\necho evil >>${at.path('lines')}\n`, { mode: 0o755 });
    await writeFile(join(evil, 'evil.cjs'), 'process.title = "evil";\n');
    const command = `cat /proc/self/environ >${at.path('env')}; id >/dev/null; ${at.says('ran')}`;
    const body = {
      jails: { web: { pid: pidfileOf(jail), probes: { BUTTON: { command, run_as: 'root' } } } },
    };
    const config = join(t.dir, 'jaildaemon.yml');
    await writeFile(config, JSON.stringify(body), { mode: 0o600 });
    const paths = await ownPaths(t, { config });
    const socket = paths[paths.indexOf('--socket') + 1] ?? '';
    const hostile = {
      PATH: `${evil}:${process.env['PATH']}`,
      NODE_OPTIONS: `--require ${evil}/evil.cjs`,
      NODE_PATH: evil,
      LD_PRELOAD: `${evil}/evil.so`,
      LD_LIBRARY_PATH: evil,
      IFS: 'e',
      ENV: `${evil}/sh`,
      BASH_ENV: `${evil}/sh`,
      SHELL: `${evil}/sh`,
      HOME: evil,
      'BASH_FUNC_id%%': '() { echo evil; }',
      JAIL_NAME: 'evil',
      TRIGGER_ID: 'evil',
    };
    const { code, stderr } = await jaildaemon(['-D', ...paths], { env: hostile });
    t.defer('stop it', () => jaildaemon(['stop', '-f', socket]));
    hold(code === 0, stderr);
    const status = JSON.parse((await jaildaemon(['status', '--json', '-f', socket])).stdout) as {
      daemon: { pid: number };
      keeper: { pid: number };
    };
    await hup(jail, 'BUTTON');
    const lines = await at.reach(1);
    hold(lines.join() === 'ran', `ran: ${lines.join()}`);
    const seen = {
      daemon: readFileSync(`/proc/${status.daemon.pid}/environ`, 'utf8'),
      keeper: readFileSync(`/proc/${status.keeper.pid}/environ`, 'utf8'),
      command: readFileSync(at.path('env'), 'utf8'),
    };
    for (const [who, environment] of Object.entries(seen)) {
      hold(!environment.includes('evil'), `the ${who} has ${environment.replaceAll('\0', ' ')}`);
      for (const name of ['NODE_OPTIONS', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'IFS', 'BASH_ENV'])
        hold(!environment.includes(`${name}=`), `the ${who} has ${name}`);
    }
    return 'daemon, keeper and command have none of it; the CLI itself relies on sudo’s env_reset';
  },
);

run();

function asNobody(argv: readonly string[]): Promise<Outcome> {
  const [program = '', ...user] = NOBODYS;
  return execute(program, [...user, ...argv], { seconds: 200 });
}

async function folderOf(t: Teller, uid: number, name: string, mode: number): Promise<string> {
  const path = join(t.dir, name);
  await mkdir(path);
  await chown(path, uid, uid);
  await chmod(path, mode);
  return path;
}

function foldersBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
}

let numbered = 0;

/** What a daemon of its own would have, but for what is given. */
async function ownPaths(t: Teller, given: Readonly<Record<string, string>>): Promise<string[]> {
  const dir = join(t.dir, `own-${++numbered}`);
  await mkdir(dir, { mode: 0o700 });
  const config = join(dir, 'config');
  await writeFile(config, 'jails: {}\n', { mode: 0o600 });
  const own = Object.fromEntries(
    ['socket', 'pidfile', 'log', 'state'].map((name) => [name, join(dir, name)]),
  );
  return Object.entries({ ...own, config, ...given }).flatMap(([name, path]) => [`--${name}`, path]);
}

/** Keepers of a daemon that did not get through: it would have ended them itself. */
function keepersOf(paths: readonly string[]): number[] {
  const state = paths[paths.indexOf('--state') + 1] ?? '';
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => commandLineOf(pid).split('\0').includes(state));
}

/** One plant in a directory where everybody may write, and one start of a daemon that is to use that name. */
async function planted(
  t: Teller,
  plant: 'symlink' | 'hard link' | 'file of his' | 'FIFO',
  place: 'socket' | 'pidfile' | 'log' | 'state',
): Promise<string> {
  const name = `${plant}-${place}`.replaceAll(' ', '-');
  const common = await folderOf(t, 0, name, 0o1777);
  const path = join(common, place);
  const precious = join(t.dir, `precious-${name}`);
  await writeFile(precious, 'precious\n', { mode: 0o600 });
  // By root for him, where the kernel (protected_hardlinks) would not let him: not every kernel is so careful.
  if (plant === 'symlink') await symlink(precious, path);
  else if (plant === 'hard link') await link(precious, path);
  else if (plant === 'file of his') await writeFile(path, 'his\n', { mode: 0o666 });
  else await execute('mkfifo', ['-m', '666', path]);
  if (plant === 'file of his' || plant === 'FIFO') await chown(path, NOBODY, NOBODY);
  const paths = await ownPaths(t, { [place]: path });
  const { code, stderr } = await jaildaemon(['-D', ...paths], { seconds: 15 });
  const socket = paths[paths.indexOf('--socket') + 1] ?? '';
  if (code === 0) await jaildaemon(['stop', '-f', socket]);
  hold(code !== null, `${name}: it hangs`);
  hold(readFileSync(precious, 'utf8') === 'precious\n', `${name}: somebody’s file was written to`);
  hold(statSync(precious).uid === 0 && (statSync(precious).mode & 0o777) === 0o600, `${name}: mode`);
  if (code === 0 && existsSync(path)) {
    const { uid, mode } = lstatSync(path);
    hold(
      uid === 0 && (mode & 0o077) === 0,
      `${name}: used, and uid ${uid} has it, mode 0${(mode & 0o777).toString(8)}`,
    );
    if (lstatSync(path).isFile())
      hold(!/his|precious/.test(readFileSync(path, 'utf8')), `${name}: it is still his`);
  }
  if (code !== 0) hold([75, 77].includes(code ?? 0), `${name}: exit ${code}: ${stderr}`);
  return code === 0 ? 'used anew' : 'refused';
}
