// Every key of the file does what its description says.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProbeConfig } from '../../src/config/config.ts';
import { inFolder, loaded } from './folder.ts';
import type { Folder } from './folder.ts';

const configOf = async ({ write, loader }: Folder, text: string) => {
  write('jaildaemon.yml', text);
  return loaded(await loader().load()).config;
};

const probeOf = async (folder: Folder, entry: string, defaults = '{}'): Promise<ProbeConfig> => {
  const config = await configOf(folder, `defaults: ${defaults}\njails: {web: {probes: {A: ${entry}}}}\n`);
  const probe = config.jails[0]?.probes[0];
  if (probe === undefined) throw new Error('no probe');
  return probe;
};

test(
  'a probe that says nothing has the defaults of the manual',
  inFolder(async (folder) => {
    const { origin, ...probe } = await probeOf(folder, '{command: echo hello}');
    assert.equal(probe, {
      key: 'A',
      title: 'A',
      enabled: true,
      argv: ['/bin/sh', '-c', 'echo hello'],
      uid: 0,
      gid: 0,
      groups: [],
      respawn: 'never',
      timeout: 0,
      killAfter: 10_000,
      cooldown: 0,
      concurrency: 10,
      cwd: '/',
      env: {},
      receipt: false,
    });
    assert.equal(origin, { file: folder.file, line: 2, column: 24 });
  }),
);

test(
  'settings that nobody wrote have the defaults of the manual',
  inFolder(async (folder) => {
    assert.equal((await configOf(folder, 'jails: {}\n')).settings, {
      rescan: 2000,
      grace: 30_000,
      budget: 512,
      brake: { triggers: 100, within: 10_000 },
      history: { triggers: 100_000, bytes: 67_108_864 },
      output: { each: 262_144, total: 268_435_456 },
    });
  }),
);

/** What is written of a probe, and what it comes to. */
const keys: readonly [string, Partial<ProbeConfig>][] = [
  ['command: [/bin/echo, "a b"]', { argv: ['/bin/echo', 'a b'] }],
  ['command: [echo]', { argv: ['echo'] }],
  ['command: "a\\nb"', { argv: ['/bin/sh', '-c', 'a\nb'] }],
  ['command: x, title: "Do it [now]"', { title: 'Do it [now]' }],
  ['command: x, uid: 80', { uid: 80, gid: 80 }],
  ['command: x, uid: 80, gid: 0', { uid: 80, gid: 0 }],
  ['command: x, uid: 4294967294', { uid: 4_294_967_294 }],
  ['command: x, groups: [1, 2]', { groups: [1, 2] }],
  ['command: x, respawn: after', { respawn: 'after' }],
  ['command: x, respawn: immediately', { respawn: 'immediately' }],
  ['command: x, timeout: 1h30m', { timeout: 5_400_000 }],
  ['command: x, timeout: 576h', { timeout: 2_073_600_000 }],
  ['command: x, kill_after: 0s', { killAfter: 0 }],
  ['command: x, cooldown: 1m2s3ms', { cooldown: 62_003 }],
  ['command: x, concurrency: 1', { concurrency: 1 }],
  ['command: x, cwd: /tmp', { cwd: '/tmp' }],
  ['command: x, env: {A: "1", B: two}', { env: { A: '1', B: 'two' } }],
  ['command: x, receipt: true, respawn: after', { receipt: true, respawn: 'after' }],
  ['command: x, description: why', { description: 'why' }],
  ['enabled: false', { enabled: false, argv: [] }],
  ['command: x, x-note: [anything]', {}],
];

for (const [entry, expected] of keys) {
  test(
    entry,
    inFolder(async (folder) => {
      const probe = await probeOf(folder, `{${entry}}`);
      for (const [key, value] of Object.entries(expected)) {
        assert.equal(probe[key as keyof ProbeConfig], value, key);
      }
    }),
  );
}

test(
  'run_as brings what a command needs of its user',
  inFolder(async (folder) => {
    const { runAs } = await probeOf(folder, '{command: x, run_as: root}');
    assert.equal(
      { ...runAs, groups: runAs?.groups.includes(0), shell: typeof runAs?.shell },
      { name: 'root', uid: 0, gid: 0, home: '/root', groups: true, shell: 'string' },
    );
  }),
);

test(
  'defaults hold for what a probe does not say itself; env adds up',
  inFolder(async (folder) => {
    const defaults =
      '{uid: 5, groups: [7], respawn: after, timeout: 1s, kill_after: 2s, cooldown: 3s, concurrency: 4, run_as: root, cwd: /tmp, env: {A: a, B: b}, receipt: true}';
    const probe = await probeOf(folder, '{command: x, timeout: 9s, env: {B: mine}}', defaults);
    const { uid, gid, groups, respawn, timeout, killAfter, cooldown, concurrency, cwd, env, receipt } = probe;
    assert.equal(
      { uid, gid, groups, respawn, timeout, killAfter, cooldown, concurrency, cwd, env, receipt },
      {
        uid: 5,
        gid: 5,
        groups: [7],
        respawn: 'after',
        timeout: 9000,
        killAfter: 2000,
        cooldown: 3000,
        concurrency: 4,
        cwd: '/tmp',
        env: { A: 'a', B: 'mine' },
        receipt: true,
      },
    );
    assert.is(probe.runAs?.name, 'root');
  }),
);

test(
  'settings',
  inFolder(async (folder) => {
    const text =
      'jails: {}\nsettings: {rescan: 100ms, grace: 0s, budget: 1, brake: {triggers: 0, within: 1s}, history: {triggers: 5, bytes: 1GiB}, output: {each: 10, total: 1KiB}, x-a: 1}\n';
    assert.equal((await configOf(folder, text)).settings, {
      rescan: 100,
      grace: 0,
      budget: 1,
      brake: { triggers: 0, within: 1000 },
      history: { triggers: 5, bytes: 1_073_741_824 },
      output: { each: 10, total: 1024 },
    });
  }),
);

test(
  'where jails are, which are patterns, and their order',
  inFolder(async (folder) => {
    const text = `x-a: 1
jails:
  web: {}
  build: {chroot: /srv/build, description: d}
  "db-*": {}
  worker: {pid: /run/worker.pid}
  12: {}
  one: {pid: 1, x-a: 1}
  wing: {path: /jails/web/}
  x-free: [1]
`;
    const { jails } = await configOf(folder, text);
    assert.equal(
      jails.map(({ name, glob, whereabouts }) => [name, glob, whereabouts]),
      [
        ['web', false, { by: 'name' }],
        ['build', false, { by: 'chroot', path: '/srv/build' }],
        ['db-*', true, { by: 'name' }],
        ['worker', false, { by: 'pidfile', path: '/run/worker.pid' }],
        ['12', false, { by: 'name' }],
        ['one', false, { by: 'pid', pid: 1 }],
        ['wing', false, { by: 'path', path: '/jails/web' }],
      ],
    );
  }),
);

test(
  'anchors, aliases and merge keys; what a mapping says itself wins',
  inFolder(async (folder) => {
    const text = `x-base: &base {command: x, uid: 1, respawn: after}
jails:
  web:
    probes:
      B: {<<: *base, uid: 2}
      2: {command: &c echo}
      1: {command: *c, <<: [{uid: 7}, *base]}
`;
    const [jail] = (await configOf(folder, text)).jails;
    assert.equal(
      jail?.probes.map(({ key, uid, respawn, argv }) => [key, uid, respawn, argv[2]]),
      [
        ['B', 2, 'after', 'x'],
        ['2', 0, 'never', 'echo'],
        ['1', 7, 'after', 'echo'],
      ],
    );
  }),
);

test(
  'a byte order mark, Windows line ends and wide characters move nothing',
  inFolder(async ({ write, say }) => {
    write('jaildaemon.yml', '\u{feff}jails:\r\n  web:\r\n    probes: {A: {x-😀é: 1, comand: x}}\r\n');
    assert.is(
      await say(),
      `@/jaildaemon.yml:3:27: error: unknown key "comand"
  3 |     probes: {A: {x-😀é: 1, comand: x}}
    |                           ^^^^^^
    = did you mean "command"?
1 error.
`,
    );
  }),
);

test.run();
