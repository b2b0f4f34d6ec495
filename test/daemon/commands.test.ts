/** What commands may be and do, and what jails may do to probes: nothing of it harms anybody else. */
import { chmod } from 'node:fs/promises';
import * as assert from 'uvu/assert';
import { isAlive } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { hup, put, scene, stories, type Scene } from './scene.ts';

const { tell, run } = stories('bad commands, rough jails');

tell('a command that does not exist, that is not executable, that is no program', async (t) => {
  const s = await scene(t, (at) => ({
    ABSENT: { command: ['/nonexistent/program'], respawn: 'after' },
    NAMELESS: { command: ['no-such-program-anywhere'] },
    PLAIN: { command: [at.path('plain')] },
    GARBAGE: { command: [at.path('garbage')] },
    FOLDER: { command: ['/usr'] },
    SHELL: { command: 'no-such-program-anywhere' },
  }));
  await put(s.path('plain'), 'echo no\n');
  await put(s.path('garbage'), '\0\u0001\u0002');
  await chmod(s.path('garbage'), 0o700);
  await s.host.reaches('web/SHELL', 'armed');
  for (const [title, errno] of [
    ['ABSENT', 'ENOENT'],
    ['NAMELESS', 'ENOENT'],
    ['PLAIN', 'EACCES'],
    ['GARBAGE', 'ENOEXEC'],
    ['FOLDER', 'EACCES'],
  ] as const) {
    const { code, ...ended } = await fire(s, title);
    assert.is(code, 1, title);
    assert.is(ended['fate'], 'failed', title);
    assert.is(ended['stage'], 'exec', title);
    assert.is(ended['errno'], errno, title);
    assert.is(ended['exitCode'], undefined);
    assert.is(ended['durationMs'], undefined);
  }
  assert.is((await fire(s, 'SHELL'))['exitCode'], 127);
  await s.host.reaches('web/ABSENT', 'armed');
  assert.match((await s.host.cli('history')).stdout, /failed: exec ENOENT/);
  assert.is((await s.host.cli('status')).code, 0, 'a command that fails is no failure of the probe');
});

tell('a command that ends by a signal, or with any code', async (t) => {
  const s = await scene(t, () => ({
    KILLED: { command: 'kill -KILL $$' },
    CORE: { command: 'kill -SEGV $$' },
    CODE: { command: 'exit 255' },
  }));
  await s.host.reaches('web/CODE', 'armed');
  assert.is((await fire(s, 'KILLED'))['signal'], 'SIGKILL');
  assert.is((await fire(s, 'CORE'))['signal'], 'SIGSEGV');
  assert.is((await fire(s, 'CODE'))['exitCode'], 255);
});

tell('a command that leaves children behind has ended when it has ended', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: {
      command: `(sleep 0.05; ${at.waits()}; ${at.says('child')}) & ${at.says('parent')}`,
      respawn: 'after',
    },
    SESSION: { command: `setsid sh -c '${at.waits()}; ${at.says('session')}' & true`, respawn: 'after' },
  }));
  await s.host.reaches('web/SESSION', 'armed');
  assert.is((await fire(s, 'BUTTON'))['exitCode'], 0);
  assert.is((await fire(s, 'SESSION'))['exitCode'], 0);
  await s.host.probe('web/BUTTON', (p) => p.state === 'armed' && p.runs === 1, 'is armed again');
  s.open();
  assert.equal((await s.reach(3)).sort(), ['child', 'parent', 'session']);
});

tell('a command that closes its output, or never reads its input, is like any other', async (t) => {
  const s = await scene(t, () => ({
    CLOSED: { command: 'exec >&- 2>&-; sleep 0.05; exit 4' },
    READS: { command: 'cat; exit 5' },
  }));
  await s.host.reaches('web/READS', 'armed');
  assert.is((await fire(s, 'CLOSED'))['exitCode'], 4);
  assert.is((await fire(s, 'READS'))['exitCode'], 5);
});

tell('a jail that does not exist is waited for, each kind of it with its reason', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const probes = { X: { command: 'true' } };
  await s.reload(({ jails }) => {
    jails['gone'] = { pid: 4_000_000, probes };
    jails['nofile'] = { pid: '/nonexistent/pidfile', probes };
    jails['named'] = { probes };
    jails['host'] = { pid: process.pid, probes };
    jails['self'] = { pid: 1, probes };
  });
  const rows = Object.fromEntries((await s.host.status()).probes.map((probe) => [probe.jail, probe]));
  assert.is(rows['gone']?.state, 'waiting');
  assert.match(rows['gone']?.reason ?? '', /no process 4000000/);
  assert.is(rows['nofile']?.state, 'waiting');
  assert.match(rows['nofile']?.reason ?? '', /no pidfile/);
  assert.is(rows['named']?.state, 'waiting');
  assert.is(rows['host']?.state, 'failed');
  assert.match(rows['host']?.reason ?? '', /host's PID namespace/);
  assert.is(rows['self']?.state, 'failed');
  assert.is(rows['web']?.state, 'armed');
});

tell('a jail that dies while it is entered, again and again: the end is what the world is', async (t) => {
  const s = await scene(t, (at) =>
    Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`B-${i}`, { command: at.says('ran') }])),
  );
  for (let round = 0; round < 6; round++) {
    const restart = s.jail.restart();
    // Let it come and go while probes are just entering.
    await until(
      async () => (await s.host.status()).probes.some(({ state }) => state !== 'waiting'),
      'some come',
    );
    await restart;
  }
  await until(
    async () => (await s.host.status()).probes.every(({ state }) => state === 'armed'),
    'all are armed in the last one',
    { seconds: 20, last: async () => (await s.host.cli('status')).stdout },
  );
  assert.is((await s.jail.ps()).filter((line) => line.startsWith('B-')).length, 30);
  assert.equal(await s.lines(), []);
});

for (const signal of ['KILL', 'TERM', 'QUIT', 'INT', 'USR1']) {
  tell(
    `a probe that is killed by ${signal} is no request; it is armed again, and says why it was away`,
    async (t) => {
      const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran') } }));
      const first = await s.host.reaches('web/BUTTON', 'armed');
      assert.is((await hup(s.jail, 'BUTTON', undefined, signal)).code, 0);
      const second = await s.host.probe(
        'web/BUTTON',
        (p) => p.state === 'armed' && p.pid !== first.pid,
        'is back',
      );
      assert.not.ok(isAlive(first.pid ?? 0));
      assert.is(second.runs, 0);
      assert.match(
        await s.host.log(),
        new RegExp(`web/BUTTON: the probe was ended by SIG${signal}; no trigger`),
      );
      assert.equal(await s.lines(), []);
      assert.is((await s.hup()).code, 0);
      assert.equal(await s.reach(1), ['ran']);
    },
  );
}

tell(
  'a probe that is stopped and continued is still armed, and a HUP meanwhile counts when it goes on',
  async (t) => {
    const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran') } }));
    const { pid } = await s.host.reaches('web/BUTTON', 'armed');
    await hup(s.jail, 'BUTTON', undefined, 'STOP');
    await hup(s.jail, 'BUTTON', undefined, 'CONT');
    assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, pid);
    await hup(s.jail, 'BUTTON', undefined, 'STOP');
    await s.hup();
    assert.equal(await s.lines(), []);
    await hup(s.jail, 'BUTTON', undefined, 'CONT');
    assert.equal(await s.reach(1), ['ran']);
    await s.host.reaches('web/BUTTON', 'spent');
  },
);

tell(
  'a probe that is killed again and again is armed less and less often, and the others do not suffer',
  async (t) => {
    const s = await scene(t, (at) => ({ BUTTON: { command: 'true' }, OTHER: { command: at.says('other') } }));
    await s.host.reaches('web/OTHER', 'armed');
    const killing = s.jail.run(
      `n=0; while [ $n -lt 4 ]; do /usr/bin/pkill -KILL -f '^BUTTON$' && n=$((n+1)); sleep 0.01; done`,
    );
    await killing;
    // It has cooled down before the last of them, too.
    const cooling = await s.host.probe(
      'web/BUTTON',
      (p) => p.state === 'cooling' && /4 times/.test(p.reason ?? ''),
      'is cooling after four of them',
    );
    assert.match(cooling.reason ?? '', /KILL|signal 9/);
    assert.ok('until' in cooling);
    assert.is((await s.hup('OTHER')).code, 0);
    await s.reach(1);
  },
);

for (const respawn of ['never', 'after', 'immediately']) {
  tell(
    `a thousand HUPs in a tight loop, ${respawn}: each death of an armed probe is one run, none is lost`,
    async (t) => {
      const s = await scene(t, (at) => ({ BUTTON: { command: at.says('$TRIGGER_ID'), respawn } }), {
        settings: { brake: { triggers: 50, within: '1s' } },
      });
      await s.host.reaches('web/BUTTON', 'armed');
      await s.jail.run(
        `n=0; while [ $n -lt 1000 ]; do kill -HUP $(/usr/bin/pgrep -f '^BUTTON$') 2>/dev/null; n=$((n+1)); done`,
      );
      // The daemon may be a little behind what has just happened, and so may each of its answers.
      const settled = await until(
        async () => {
          const [probe] = (await s.host.status()).probes;
          const [lines, history] = [await s.lines(), await s.host.history(5000)];
          const quiet = probe?.state === 'armed' || probe?.state === 'spent';
          const ids = history.map(({ id }) => id).sort();
          const agree = probe?.runs === lines.length && ids.join() === lines.toSorted().join();
          return quiet && agree ? lines : undefined;
        },
        'all is quiet, and what ran is what is in the history',
        { seconds: 20, last: async () => (await s.host.history(5000)).length - (await s.lines()).length },
      );
      assert.ok(settled.length >= 1);
      if (respawn === 'never') assert.is(settled.length, 1);
      assert.is(new Set(settled).size, settled.length, 'nothing ran twice');
    },
  );
}

run();

async function fire(s: Scene, title: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await s.host.cli('trigger', 'web', title, '--wait', '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as Record<string, unknown>) };
}
