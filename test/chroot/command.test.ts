/** The command as whoever started us sees it: its end, its signals, its terminal. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { PROGRAM } from '../rig/daemon.ts';
import { commandOf, descendants, isAlive, missing } from '../rig/proc.ts';
import type { Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { chroot, root, stories } from './rig.ts';

const { tell, run } = stories('the command');

tell('its exit code is ours; 127 when it is not there, 126 when it cannot be run', async (t) => {
  const dir = await root(t);
  for (const code of [0, 1, 42, 77, 255])
    assert.is((await chroot([dir, 'sh', '-c', `exit ${code}`])).code, code);
  const absent = await chroot([dir, 'nowhere']);
  assert.is(absent.code, 127);
  assert.is(
    absent.stderr,
    `jaildaemon: chroot: ENOENT: nowhere: it, or what it is to be run by, is not there, below ${dir}\n`,
  );
  await writeFile(join(dir, 'text'), 'no program', { mode: 0o644 });
  const text = await chroot([dir, '/text']);
  assert.is(text.code, 126);
  assert.is(
    text.stderr,
    `jaildaemon: chroot: EACCES: /text: cannot be run: Permission denied, below ${dir}\n`,
  );
});

tell('a command that a signal killed: so are we, but for a second core file', async (t) => {
  const dir = await root(t);
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGALRM'] as const) {
    const outcome = await chroot([dir, 'sh', '-c', `kill -${signal.slice(3)} $$`]);
    assert.is(outcome.signal, signal);
  }
  assert.is((await chroot([dir, 'sh', '-c', 'kill -SEGV $$'])).code, 139);
});

tell('without a command: $SHELL -i, else /bin/sh -i', async (t) => {
  const dir = await root(t);
  await writeFile(join(dir, 'bin/myshell'), '#!/bin/sh\necho "mine: $*"\n');
  await chmod(join(dir, 'bin/myshell'), 0o755);
  assert.is((await chroot([dir], { env: { ...process.env, SHELL: '/bin/myshell' } })).stdout, 'mine: -i\n');
  const { SHELL: _, ...env } = process.env;
  const { stdout } = await chroot([dir], { env, input: 'echo "$0 $-"; exit 3\n' });
  assert.match(stdout, /\/bin\/sh [a-z]*i/);
});

tell('its options are its own, its environment is the caller’s, its limit of open files too', async (t) => {
  const dir = await root(t);
  const env = { ...process.env, COLOUR: 'blue' };
  const own = await chroot([dir, 'echo', '--kernel', '-h', '--', '-f', 'x'], { env });
  assert.is(own.stdout, '--kernel -h -- -f x\n');
  const before = ['sh', '-c', 'ulimit -Sn 123; "$@"; exit', 'sh'];
  const { stdout } = await chroot([dir, 'sh', '-c', 'echo $COLOUR; ulimit -n'], { env, before });
  assert.is(stdout, 'blue\n123\n');
});

tell('mistakes on our own command line are usage errors', async () => {
  for (const args of [[], ['--open-directories', '3', '/'], ['--nonsense', '/']])
    assert.is((await chroot(args)).code, 64);
});

tell('what is sent to us reaches it', async (t) => {
  const dir = await root(t);
  const script =
    'for s in HUP INT QUIT TERM USR1 USR2; do trap "echo $s; kill \\$!" $s; done; echo ready; while :; do sleep 60 & wait; done';
  const child = spawn(process.execPath, [PROGRAM, 'chroot', dir, 'sh', '-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.defer('end it', () => process.kill(-(child.pid ?? 0), 'SIGKILL'));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => said === 'ready\n', 'the command is ready', { last: () => said });
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const) {
    said = '';
    child.kill(signal);
    await until(() => said === `${signal.slice(3)}\n`, `it has had ${signal}`, { last: () => said });
  }
});

tell('who kills us kills it', async (t) => {
  const dir = await root(t);
  const child = spawn(process.execPath, [PROGRAM, 'chroot', dir, 'sleep', '1000'], { stdio: 'ignore' });
  t.defer('end it', () => child.kill('SIGKILL'));
  const command = await until(
    () => descendants(child.pid ?? 0).find((pid) => commandOf(pid) === 'sleep'),
    'the command runs',
  );
  child.kill('SIGKILL');
  await until(() => !isAlive(command), 'it is gone');
});

const terminal = { unless: missing('script', 'bash'), seconds: 60 };

tell(
  'Ctrl-C reaches it once, and a shell that waits for us goes on',
  async (t) => {
    const { type, shows, hasTerminal, send } = await shell(t);
    const dir = await root(t);
    // Whatever of ours came with the key has come before the second signal, which comes by us alone.
    type(
      `jd ${dir} sh -c 'trap "echo had one" INT; trap "echo the end; kill \\$!; exit 0" USR1; sleep 1000 & wait; wait; wait'`,
    );
    await hasTerminal('sleep');
    type('\u0003', '');
    await shows('had one', 2);
    send('node', 'SIGUSR1');
    await shows('the end', 2);
    type('echo "code $?"');
    const text = await shows('code 0');
    assert.is(text.split('had one').length - 1, 2, 'typed, and said once');
  },
  terminal,
);

tell(
  'Ctrl-Z stops it and us, fg wakes both, and its death by Ctrl-C is ours',
  async (t) => {
    const { type, shows, hasTerminal } = await shell(t);
    const dir = await root(t);
    type(`jd ${dir} sleep 1000`);
    await hasTerminal('sleep');
    type('\u001a', '');
    await shows('Stopped');
    type('echo "back $((20 + 3))"; fg');
    await shows('back 23');
    await hasTerminal('sleep');
    type('\u0003', '');
    type('echo "code $?"');
    await shows('code 130');
  },
  terminal,
);

tell(
  'a shell in there has its own jobs, may suspend itself, and comes back with the terminal',
  async (t) => {
    const { type, shows, hasTerminal } = await shell(t);
    type('jd / /bin/bash --norc -i');
    type('PS1="inner> "; echo "in $((40 + 2))"');
    await shows('in 42');
    type('sleep 1000');
    await hasTerminal('sleep');
    type('\u001a', '');
    await shows('Stopped');
    type('kill %1; wait; suspend');
    await shows('Stopped                 ', 2);
    type('echo "outside $((50 + 5))"; fg');
    await shows('outside 55');
    type('echo "inside $((60 + 6))"');
    await shows('inside 66');
    type('exit 7');
    type('echo "code $?"');
    await shows('code 7');
  },
  terminal,
);

interface Shell {
  /** Types a line, or keys when it has another end. */
  type(text: string, end?: string): void;
  /** Waits until a text has come so often, and returns all that came. */
  shows(text: string, times?: number): Promise<string>;
  /** Waits until a program of this name runs in the foreground. */
  hasTerminal(command: string): Promise<unknown>;
  /** Sends a signal to the program of this name alone. */
  send(command: string, signal: NodeJS.Signals): void;
}

/** An interactive bash on a terminal of its own, in which `jd` is our program's chroot. */
async function shell(t: Teller): Promise<Shell> {
  const child = spawn(
    'script',
    ['--quiet', '--flush', '--command', 'bash --norc --noediting -i', '/dev/null'],
    {
      env: { ...process.env, SHELL: '/bin/bash', TERM: 'dumb', HISTFILE: '' },
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.defer('end the terminal', async () => {
    for (const pid of descendants(child.pid ?? 0)) process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    await ended;
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  t.onFailure(() => `the terminal shows:\n${said}`);
  const type = (text: string, end = '\n'): void => void child.stdin.write(text + end);
  const shows = (text: string, times = 1): Promise<string> =>
    until(() => said.split(text).length > times && said, `the terminal shows ${JSON.stringify(text)}`);
  type(`PS1='outer> '; jd() { ${process.execPath} ${PROGRAM} chroot "$@"; }; echo "set $((10 + 1))"`);
  await shows('set 11');
  const hasTerminal = (command: string): Promise<unknown> =>
    until(
      () => descendants(child.pid ?? 0).some((pid) => commandOf(pid) === command && isForeground(pid)),
      `${command} has the terminal`,
    );
  const send = (command: string, signal: NodeJS.Signals): void => {
    const pid = descendants(child.pid ?? 0).find((pid) => commandOf(pid) === command);
    if (pid === undefined) throw new Error(`${command} does not run`);
    process.kill(pid, signal);
  };
  return { type, shows, hasTerminal, send };
}

/** Not stopped, and of the group to which the terminal's keys go. */
function isForeground(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [state, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state !== 'T' && group === foreground;
}

run();
