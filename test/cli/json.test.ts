/** What `--json` prints is an interface. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { probesOf, put, scene, stories } from '../daemon/scene.ts';
import type { Daemon } from '../rig/daemon.ts';
import * as shapes from './shapes.ts';
import type { Shape } from './shapes.ts';

const { tell, run } = stories('json');

tell('status, jails, plan and reload: one object each, in every state of a probe', async (t) => {
  const s = await scene(
    t,
    (at) => ({
      ARMED: { command: 'true', description: 'a note' },
      SPENT: { command: 'exit 3' },
      RUNNING: { command: at.waits(), respawn: 'after' },
      COOLING: { command: 'true', respawn: 'after', cooldown: '1h' },
      RECEIPT: { command: 'kill -TERM $$', respawn: 'after', receipt: true },
      LATE: { command: 'sleep 9', timeout: '50ms' },
      NOWHERE: { command: ['/nonexistent'] },
      SENT: { command: 'sleep 9', title: 'QUEUED' },
    }),
    { settings: { budget: 2 } },
  );
  await s.host.reaches('web/SENT', 'armed');
  await s.host.cli('-c', 'true', '-j', 'web', '-t', 'ADHOC');
  for (const title of ['SPENT', 'COOLING', 'RECEIPT', 'LATE', 'NOWHERE'])
    await one(s.host, shapes.trigger, 'trigger', 'web', title, '--wait', '--json');
  await one(s.host, shapes.trigger, 'trigger', 'web', 'RUNNING', '--json');
  await s.host.reaches('web/RUNNING', 'running');
  await s.hup('QUEUED');
  await s.hup('ARMED');
  await one(s.host, shapes.status, 'status', '--json');
  await s.reload(({ jails }) => {
    jails['absent'] = { pid: '/nonexistent', probes: { WAITS: { command: 'true' } } };
    jails['host'] = { pid: 1, probes: { FAILS: { command: 'true' } } };
    probesOf(s.file)['MORE'] = { command: 'true' };
  });
  const status = (await one(s.host, shapes.status, 'status', '--json')) as { probes: { state: string }[] };
  const states = new Set(status.probes.map(({ state }) => state));
  assert.equal([...states].sort(), ['armed', 'cooling', 'failed', 'running', 'spent', 'waiting']);
  const only = (await one(s.host, shapes.status, 'status', 'web/S*', '--json')) as {
    probes: { id: string }[];
  };
  assert.equal(only.probes.map(({ id }) => id).sort(), ['web/SENT', 'web/SPENT']);

  await one(s.host, shapes.jails, 'jails', '--json');
  await one(s.host, shapes.plan, 'plan', '--json');
  const { stdout } = await s.reload((file) => {
    probesOf(file)['ARMED'] = { command: 'true', title: 'RENAMED' };
    delete probesOf(file)['MORE'];
    file.jails['host'] = { probes: {} };
  }, '--json');
  shapes.plan(JSON.parse(stdout), 'reload');

  const { stdout: lines } = await s.host.cli('history', '--json');
  const entries = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  entries.forEach((entry, index) => shapes.entry(entry, `history line ${index}`));
  const by = (title: string) => entries.find((entry) => entry['title'] === title) ?? {};
  assert.is(by('SPENT')['exitCode'], 3);
  assert.is(by('RECEIPT')['signal'], 'SIGTERM');
  assert.is(by('LATE')['timedOut'], true);
  assert.equal(
    [by('NOWHERE')['fate'], by('NOWHERE')['stage'], by('NOWHERE')['errno']],
    ['failed', 'exec', 'ENOENT'],
  );
  assert.is(by('RUNNING')['fate'], 'running');
  assert.is(by('SPENT')['by'], 'host');

  await one(s.host, shapes.output, 'output', String(by('SPENT')['id']), '--json');
  await one(s.host, shapes.removed, 'remove', 'adhoc/1', '--json');
  await one(s.host, shapes.stopped, 'stop', '--json');
});

tell('a broken file: check, plan, reload and status tell the same diagnostics', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const good = join(s.host.dir, 'good.yml');
  await put(good, JSON.stringify(s.file));
  await one(s.host, shapes.check, 'check', good, '--json');
  await s.host.edit('jails:\n  web:\n    pid: 12\n    probes:\n      B: { comand: x, uid: -1 }\n');
  const told: { code: string; line: number; column: number; message: string }[][] = [];
  for (const [shape, ...args] of [
    [shapes.check, 'check', s.host.config],
    [shapes.plan, 'plan'],
    [shapes.plan, 'reload'],
  ] as const) {
    const { diagnostics } = (await one(s.host, shape, ...args, '--json')) as {
      diagnostics: (typeof told)[0];
    };
    told.push(diagnostics.map(({ code, line, column, message }) => ({ code, line, column, message })));
  }
  const { config } = (await one(s.host, shapes.status, 'status', '--json')) as {
    config: { error: { diagnostics: (typeof told)[0] } };
  };
  told.push(
    config.error.diagnostics.map(({ code, line, column, message }) => ({ code, line, column, message })),
  );
  assert.ok((told[0]?.length ?? 0) >= 2, JSON.stringify(told[0]));
  for (const diagnostics of told) assert.equal(diagnostics, told[0]);
});

tell('the manual names every field', async () => {
  const manual = await readFile(join(import.meta.dirname, '../../man/jaildaemon.8'), 'utf8');
  const [, section = ''] = /^\.Ss What --json prints\n([^]*?)^\.Ss /m.exec(manual) ?? [];
  const words = new Set(section.split(/[^A-Za-z]+/));
  assert.equal(
    [...shapes.promised].filter((name) => !words.has(name)),
    [],
  );
});

run();

/** Runs a command that must print exactly one line with one object of that shape. */
async function one(host: Daemon, shape: Shape, ...args: string[]): Promise<unknown> {
  const { stdout, stderr } = await host.cli(...args);
  const lines = stdout.split('\n');
  if (lines.length !== 2 || lines[1] !== '') throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
  const value: unknown = JSON.parse(lines[0] ?? '');
  shape(value, args.join(' '));
  return value;
}
