/** `-D` returns when the daemon is ready, or fails with the daemon's own error and exit code. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import * as assert from 'uvu/assert';
import { daemon, PROGRAM } from '../rig/daemon.ts';
import { execute } from '../rig/execute.ts';
import { isAlive } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { jaildaemon, pathsOf, put, scene, stories } from './scene.ts';

const { tell, run } = stories('start');

tell('when -D returns, every probe is armed and the pidfile is there', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  await s.host.cli('stop');
  assert.is((await s.host.start()).code, 0);
  // No waiting: it was ready when it said so.
  const { probes, daemon: self } = await s.host.status();
  assert.is(probes[0]?.state, 'armed');
  const pidfile = join(s.host.dir, 'pid');
  assert.is(await readFile(pidfile, 'utf8'), String(self.pid));
  for (const path of [pidfile, s.host.socket, join(s.host.dir, 'log')])
    assert.is((await lstat(path)).mode & 0o777, 0o600, path);
  assert.is((await lstat(s.host.state)).mode & 0o777, 0o700);
  const tty = await readFile(`/proc/${self.pid}/stat`, 'latin1');
  assert.is(tty.slice(tty.lastIndexOf(')') + 2).split(' ')[4], '0', 'it has no terminal');
});

tell('a second one is refused with the name and pid of the first', async (t) => {
  const host = await daemon(t, 'jails: {}');
  const { code, stderr, stdout } = await jaildaemon(['-D', ...pathsOf(host)]);
  assert.is(code, 75);
  assert.is(stdout, '');
  assert.match(stderr, `pid ${await host.pid()}`);
  assert.match(stderr, host.socket);
  assert.ok(isAlive(await host.pid()));
  assert.is((await jaildaemon(['-D', '--foreground', ...pathsOf(host)])).code, 75);
  assert.is((await host.cli('status')).code, 0, 'the first one goes on');
});

tell('a stopped one that accepts but does not answer is busy, with its pid', async (t) => {
  const host = await daemon(t, 'jails: {}');
  const pid = await host.pid();
  process.kill(pid, 'SIGSTOP');
  t.defer('let it go on', () => process.kill(pid, 'SIGCONT'));
  const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host)]);
  assert.is(code, 75);
  assert.match(stderr, host.socket);
  assert.match(stderr, 'does not answer');
  assert.match(stderr, `says pid ${pid}`);
});

tell('of several that start in the same instant one runs, with one keeper', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  for (let round = 0; round < 3; round++) {
    await s.host.cli('stop');
    const outcomes = await Promise.all([1, 2, 3].map(() => jaildaemon(['-D', ...pathsOf(s.host)])));
    const codes = outcomes.map(({ code }) => code).sort();
    const { daemon: self, keeper } = await s.host.status();
    await s.host.reaches('web/BUTTON', 'armed');
    await until(
      () => processesWith(s.host.state).length === 2,
      'one daemon and one keeper are left of all that started',
      { seconds: 5, last: () => processesWith(s.host.state) },
    );
    assert.ok(isAlive(self.pid) && isAlive(keeper?.pid ?? 0));
    assert.is((await s.jail.ps()).filter((line) => line === 'BUTTON').length, 1);
    assert.equal(codes, [0, 75, 75], outcomes.map(({ stderr }) => stderr).join());
    assert.is(
      Number(await readFile(join(s.host.dir, 'pid'), 'utf8')),
      self.pid,
      'the pidfile is that of the one',
    );
  }
});

tell(
  'on the same state with another socket it refuses too, and takes nothing from the one that runs',
  async (t) => {
    const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
    const { pid: probe } = await s.host.reaches('web/BUTTON', 'armed');
    const pid = await s.host.pid();
    const other = [...pathsOf(s.host), '-f', join(s.host.dir, 'sock2')];
    const { code, stderr } = await jaildaemon(['-D', ...other]);
    assert.is(code, 75, stderr);
    for (const word of [`pid ${pid}`, s.host.state, s.host.socket]) assert.match(stderr, word);
    assert.is(await s.host.pid(), pid);
    assert.is(Number(await readFile(join(s.host.dir, 'pid'), 'utf8')), pid, 'the pidfile is still its own');
    assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, probe);
    // What a daemon that has ended has left is no obstacle, nor what is in the way of being told.
    await s.host.cli('stop');
    const note = join(s.host.state, 'daemon');
    await rm(note);
    await mkdir(note);
    assert.is((await s.host.start()).code, 0);
    await s.host.cli('stop');
    const notes = readdirSync(s.host.state).filter((name) => name.startsWith('daemon'));
    assert.equal(notes, ['daemon'], 'nothing is left beside it');
    await rm(note, { recursive: true });
    await symlink(s.host.socket, note);
    assert.is((await jaildaemon(['-D', ...other])).code, 0);
    assert.is((await jaildaemon(['stop', '-f', join(s.host.dir, 'sock2')])).code, 0);
  },
);

tell('what a dead one left is no obstacle: socket, pidfile, keeper’s socket', async (t) => {
  const host = await daemon(t, 'jails: {}');
  const { keeper } = await host.status();
  const pid = await host.pid();
  process.kill(pid, 'SIGKILL');
  process.kill(keeper?.pid ?? 0, 'SIGKILL');
  await until(() => !isAlive(pid) && !isAlive(keeper?.pid ?? 0), 'both are gone');
  assert.ok((await lstat(host.socket)).isSocket());
  assert.is((await host.cli('status')).code, 69, 'a socket without a daemon');
  assert.is((await host.start()).code, 0);
  assert.is.not(await host.pid(), pid);
});

tell('the socket of another program is left alone, though nobody can connect to it as to ours', async (t) => {
  const host = await stopped(t);
  const bind =
    'socket($s, AF_UNIX, SOCK_DGRAM, 0) && bind($s, sockaddr_un($ARGV[0])) or die $!; print "bound\\n"; sleep';
  const other = spawn('perl', ['-MSocket', '-e', `$| = 1; ${bind}`, basename(host.socket)], {
    cwd: host.dir,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.defer('end it', () => other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  const { ino } = await lstat(host.socket);
  const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host)]);
  assert.is(code, 1, stderr);
  assert.match(stderr, `what listens at ${host.socket} is no jaildaemon`);
  assert.is((await lstat(host.socket)).ino, ino);
  assert.is((await host.cli('status')).code, 1);
  await nothingRuns(host.state);
});

tell(
  'a symlink where the socket, the pidfile or the log belongs is refused, and what it leads to left alone',
  async (t) => {
    const host = await daemon(t, 'jails: {}');
    await host.cli('stop');
    const precious = join(host.dir, 'precious');
    await put(precious, 'precious');
    for (const name of ['sock', 'pid', 'log']) {
      const path = join(host.dir, name);
      await rm(path, { force: true });
      await symlink(precious, path);
      const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host)]);
      assert.ok(code !== 0, name);
      assert.match(stderr, path, name);
      assert.not.match(stderr, /\n\s+at /, 'no stack trace');
      assert.ok((await lstat(path)).isSymbolicLink());
      assert.is(await readFile(precious, 'utf8'), 'precious', name);
      await rm(path);
      await nothingRuns(host.state);
    }
    // A plain file where a socket should be, a directory where the pidfile should be.
    await put(host.socket, 'precious');
    assert.is((await jaildaemon(['-D', ...pathsOf(host)])).code, 77);
    assert.is(await readFile(host.socket, 'utf8'), 'precious');
    await rm(host.socket);
    await mkdir(join(host.dir, 'pid'));
    assert.is((await jaildaemon(['-D', ...pathsOf(host)])).code, 77);
    await nothingRuns(host.state);
    await rm(join(host.dir, 'pid'), { recursive: true });
    const nowhere = join(host.dir, 'nowhere');
    const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host), '-f', join(nowhere, 'sock')]);
    assert.is(code, 69);
    assert.match(stderr, `there is no directory ${nowhere}`);
  },
);

tell('a broken file: exit 78, with the diagnostics', async (t) => {
  const host = await stopped(t);
  await host.edit('jails:\n  web:\n    pid: 12\n    probs: {}\n');
  const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host)]);
  assert.is(code, 78);
  assert.match(stderr, `${host.config}:4:5: `);
  assert.match(stderr, 'probes');
  await nothingRuns(host.state);
});

tell('a file that was named but does not exist is exit 78, and names it', async (t) => {
  const host = await stopped(t);
  await rm(host.config);
  const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host)]);
  assert.is(code, 78);
  assert.match(stderr, host.config);
});

tell('a state directory that others may enter, or that is somebody else’s, is refused', async (t) => {
  const host = await stopped(t);
  await chmod(host.state, 0o755);
  const open = await jaildaemon(['-D', ...pathsOf(host)]);
  assert.is(open.code, 77);
  assert.match(open.stderr, `chmod 0700 ${host.state}`);
  await chmod(host.state, 0o700);
  execFileSync('chown', ['12345', host.state]);
  const foreign = await jaildaemon(['-D', ...pathsOf(host)]);
  assert.is(foreign.code, 77);
  assert.match(foreign.stderr, /12345/);
  await rm(host.state, { recursive: true });
  await put(host.state, '');
  assert.is((await jaildaemon(['-D', ...pathsOf(host)])).code, 77);
  await rm(host.state);
  assert.is((await host.start()).code, 0, 'one that is not there is made');
});

tell('a spoiled state file is told in a sentence, and nothing is armed by it', async (t) => {
  const host = await stopped(t);
  const file = join(host.state, 'state.json');
  const elements = [
    '{"adhoc":[null]}',
    '{"adhoc":[{"id":"adhoc/1"}]}',
    '{"spent":[null]}',
    '{"spent":[[1,2]]}',
  ];
  for (const text of ['{"gen', 'null', '[1]', '7', '{"adhoc":7,"generation":"x"}', ...elements]) {
    await put(file, text);
    const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host)]);
    if (text === 'null') {
      assert.is(code, 0, stderr);
      await host.cli('stop');
      continue;
    }
    assert.is(code, 1, text);
    assert.match(stderr, `${file} is spoiled`);
    assert.not.match(stderr, /\n\s+at /);
    await nothingRuns(host.state);
  }
});

tell('what a daemon had half written when it was killed is removed', async (t) => {
  const host = await stopped(t);
  const halves = ['state.json.0123abcd', 'config.json.89abcdef'];
  for (const half of halves) await put(join(host.state, half), '{"gen');
  assert.is((await host.start()).code, 0);
  const there = readdirSync(host.state);
  assert.not.ok(
    halves.some((half) => there.includes(half)),
    there.join(),
  );
});

tell(
  'what is no file in the place of state and history is told in a sentence, and waited for never',
  async (t) => {
    const host = await stopped(t);
    const make: Record<string, (path: string) => unknown> = {
      directory: (path) => mkdir(path),
      FIFO: (path) => execFileSync('mkfifo', [path]),
      symlink: (path) => symlink('/etc/hostname', path),
    };
    for (const [name, said] of [
      ['state.json', 'state.json is spoiled: it is no file'],
      ['history.jsonl', 'the history cannot be opened: '],
    ] as const)
      for (const [what, place] of Object.entries(make)) {
        const path = join(host.state, name);
        await rm(path, { force: true, recursive: true });
        await place(path);
        const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host)]);
        assert.is(code, 1, `${what}: ${stderr}`);
        assert.match(stderr, said, what);
        assert.match(stderr, path);
        assert.not.match(stderr, /\n\s+at /, 'no stack trace');
        await nothingRuns(host.state);
        await rm(path, { recursive: true });
      }
    assert.is((await host.start()).code, 0);
  },
);

tell(
  'whoever starts it may be interrupted: the daemon is ready all the same, and ends when it is told',
  async (t) => {
    const host = await stopped(t);
    const starting = execute('/bin/sh', [
      '-c',
      `${process.execPath} ${PROGRAM} -D "$@" & sleep 0.15; kill -KILL $!; wait`,
      'sh',
      ...pathsOf(host),
    ]);
    await starting;
    // Interrupted before it had started anything: then there is nothing to end.
    const pid = await until(async () => {
      if (processesWith(host.state).length === 0) return 'none';
      const { code, stdout } = await host.cli('status', '--json');
      return code === 0 ? (JSON.parse(stdout) as { daemon: { pid: number } }).daemon.pid : undefined;
    }, 'it answers');
    if (pid === 'none') return;
    process.kill(pid, 'SIGTERM');
    await nothingRuns(host.state);
    assert.not.match(await host.log(), /a fault of/);
  },
);

tell('a socket’s path that the system would cut is refused with its length', async (t) => {
  const host = await stopped(t);
  const long = join(host.dir, 'x'.repeat(100));
  const socket = await jaildaemon(['-D', ...pathsOf(host), '-f', long]);
  assert.is(socket.code, 64);
  assert.match(socket.stderr, `${long.length} bytes`);
  const state = await jaildaemon(['-D', ...pathsOf(host), '--state', long]);
  assert.is(state.code, 64);
  assert.match(state.stderr, 'bytes');
});

tell('a foreign server on the socket that says nothing is busy, not ours to remove', async (t) => {
  const host = await stopped(t);
  const server = createServer(() => {}).listen(host.socket);
  t.defer('close it', () => server.close());
  await until(() => server.listening, 'it listens');
  const { code, stderr } = await jaildaemon(['-D', ...pathsOf(host)]);
  assert.is(code, 75);
  assert.match(stderr, host.socket);
});

tell('--foreground stays, logs to stderr, and ends well on TERM', async (t) => {
  const host = await stopped(t);
  const ending = jaildaemon(['--foreground', ...pathsOf(host).slice(0, -2)]);
  const { daemon: self } = await until(async () => {
    const { code, stdout } = await host.cli('status', '--json');
    return code === 0 ? (JSON.parse(stdout) as Awaited<ReturnType<typeof host.status>>) : undefined;
  }, 'it answers');
  process.kill(self.pid, 'SIGTERM');
  const { code, stderr } = await ending;
  assert.is(code, 0);
  assert.match(stderr, /generation 1 .* holds/);
  assert.match(stderr, /stopped\n$/);
});

run();

async function stopped(t: Teller) {
  const host = await daemon(t, 'jails: {}');
  assert.is((await host.cli('stop')).code, 0);
  return host;
}

/** The process that has told why it does not start may still be ending. */
async function nothingRuns(state: string): Promise<void> {
  const last = (): string[] => processesWith(state);
  await until(() => last().length === 0, 'nothing is left running', { seconds: 3, last });
}

/** What runs with this state directory on its command line: daemons and keepers. */
function processesWith(state: string): string[] {
  const all = execFileSync('ps', ['-eo', 'pid=,args=', '--cols', '400'], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes(state) && !line.includes('ps -eo'));
}
