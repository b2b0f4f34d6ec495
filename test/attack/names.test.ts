/** Names, titles and paths that are meant to become something else: a path, a command, an order to a terminal. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hup, jaildaemon, pidfileOf, traces } from '../daemon/scene.ts';
import { daemon, type Daemon } from '../rig/daemon.ts';
import { chroot } from '../rig/kinds/chroot.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import type { Outcome } from '../rig/execute.ts';
import { attacks, hold, isFull } from './attack.ts';

const { attack, run } = attacks('names');
const options = { who: 'whoever names a jail', unless: unshared.available() ?? chroot.available() };

/** Everything that means something to a shell, a path, a terminal or a program's options, and is allowed. */
const TITLE = `--rf ../../x ;$(touch pwned)\`touch pwned\` '"|&<>{}*?~#!%s\\n`;
const NAME = ';$(touch${IFS}pwned)`touch,pwned`..\'"|&<>*.-rf';

attack('a jail and a title made of shell syntax, dots and dashes', options, async (t) => {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const fact = (name: string): string => `printf '%s' "$${name}" >${at.path(name)}`;
  const facts = ['JAIL_NAME', 'PROBE_TITLE'];
  const body = {
    jails: {
      [NAME.replace('*', '')]: {
        pid: pidfileOf(jail),
        probes: { [TITLE]: { command: `${facts.map(fact).join('; ')}; ${at.says('ran')}`, cwd: at.dir } },
      },
    },
  };
  const host = await daemon(t, JSON.stringify(body));
  await host.reaches(`${NAME.replace('*', '')}/${TITLE}`, 'armed');
  const asked = await hup(jail, TITLE.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  hold(asked.code === 0, `the title cannot be matched: ${asked.stderr}`);
  await at.reach(1);
  hold(readFileSync(at.path('JAIL_NAME'), 'utf8') === NAME.replace('*', ''), 'the name arrived otherwise');
  hold(readFileSync(at.path('PROBE_TITLE'), 'utf8') === TITLE, 'the title arrived otherwise');
  hold(!filesBelow(t.dir).some((file) => file.endsWith('pwned')), 'a shell has read it');
  checkState(host);
  return 'data in the environment, byte for byte; in the state directory nothing but our own names';
});

attack('a chroot whose path is shell syntax', { ...options, who: 'whoever names a path' }, async (t) => {
  const at = await traces(t);
  const name = `-rf $(touch pwned) ;'"\u{fe0f}ü`;
  const root = join(t.dir, name);
  await mkdir(join(root, 'etc'), { recursive: true });
  const body = {
    jails: {
      web: {
        chroot: root,
        probes: {
          BUTTON: {
            title: t.unique('BUTTON'),
            command: `printf '%s' "\${JAIL_PATH:?}" >${at.path('path')}; ${at.says('ran')}`,
            cwd: at.dir,
          },
        },
      },
    },
  };
  const host = await daemon(t, JSON.stringify(body));
  await host.reaches('web/BUTTON', 'armed');
  const { code } = await host.cli('trigger', 'web', t.unique('BUTTON'));
  hold(code === 0, 'it cannot be triggered');
  await at.reach(1);
  hold(readFileSync(at.path('path'), 'utf8') === root, 'the path arrived otherwise');
  hold(!filesBelow(t.dir).some((file) => file.endsWith('pwned')), 'a shell has read it');
  checkState(host);
  return 'JAIL_PATH has it byte for byte; nothing else was made of it';
});

const BAD: Readonly<Record<string, string>> = {
  newline: 'a\nb',
  escape: 'a\u001b[31mred\u001b]0;title\u0007',
  'carriage return': 'safe\rEVIL',
  NUL: 'a\u0000b',
  '64 KiB': 'x'.repeat(65_536),
  'right to left': 'a\u202eb',
  C1: 'a\u009b31mb',
  slash: '../../etc/x',
  empty: '',
};

attack('control characters, NUL, 64 KiB and invalid UTF-8 in the file', options, async (t) => {
  const printed: Outcome[] = [];
  const check = async (bytes: string | Buffer): Promise<void> => {
    const file = join(t.dir, 'bad.yml');
    await writeFile(file, bytes, { mode: 0o600 });
    for (const more of [[], ['--print'], ['--json']])
      printed.push(await jaildaemon(['check', file, ...more]));
  };
  const probe = { command: 'true' };
  const texts = Object.entries(BAD);
  const named = texts.map(([, text], i) => [`${text}${i}`, { pid: `/x${i}`, probes: { A: probe } }] as const);
  const titled = texts.map(([what, text], i) => [
    `jail${i}`,
    { chroot: `/${text}`, probes: { [what]: { ...probe, title: text } } },
  ]);
  await check(ascii({ jails: Object.fromEntries(named) }));
  await check(ascii({ jails: Object.fromEntries(titled) }));
  const refused = printed
    .filter((_, i) => i % 3 === 2)
    .map(
      ({ stdout }) =>
        (JSON.parse(stdout) as { diagnostics: readonly { message: string }[] }).diagnostics.length,
    );
  // A slash is no harm in a title, and an empty text with a digit behind it none in a name.
  hold(
    refused.every((count) => count >= texts.length - 1),
    `only ${refused.join(' and ')} of ${texts.length}`,
  );
  await check(
    Buffer.concat([Buffer.from('jails: {"a'), Buffer.from([0xff, 0xfe, 0x9b]), Buffer.from('": {}}')]),
  );
  hold(printed.at(-1)?.code === 78, 'invalid UTF-8 was accepted');
  for (const one of printed) clean(one);
  return `refused with a place, and printed as escapes (${printed.length} times)`;
});

attack('the same as arguments, in answers and in the log', options, async (t) => {
  const jail = await unshared.start(t, 'web');
  const body = { jails: { web: { pid: pidfileOf(jail), probes: { A: { command: 'true' } } } } };
  const host = await daemon(t, JSON.stringify(body));
  await host.reaches('web/A', 'armed');
  const printed: Outcome[] = [];
  const all = [...Object.values(BAD), '-rf', '--', '__proto__', '$(id)'];
  for (const text of isFull ? all : ['a\u001b[31m\u009b31m\u202eb\nc\rd']) {
    if (text.includes('\0') || text.length > 60_000) continue; // no argument can have them
    const words = [
      ['status', text],
      ['history', text],
      ['output', text],
      ['remove', text],
      ['trigger', text, text],
      ['-c', text, '-j', text, '-t', text],
      ['-c', 'true', '-j', 'web', '-t', text],
      ['plan', `${t.dir}/${text}`],
      ['check', `${t.dir}/${text}`],
      [text],
    ];
    for (const line of words) printed.push(await host.cli(...line));
  }
  for (const one of printed) clean(one);
  // What the attacker's words became: at most ad hoc probes of jail web.
  const { probes } = await host.status();
  hold(
    probes.every(({ jail }) => jail === 'web'),
    'a word became a jail',
  );
  const log = await host.log();
  hold(
    log
      .split('\n')
      .filter(Boolean)
      .every((line) => /^\d{4}-\d\d-\d\dT[\d:.]+Z (info |warn |error|debug)/.test(line)),
    'the log has a line that is none of ours',
  );
  hold(!CONTROL.test(log.replaceAll('\n', '')), 'the log has a control character');
  checkState(host);
  return `${printed.length} command lines: escaped in every answer, one event one line in the log`;
});

run();

/** What a terminal would act upon. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

function clean({ stdout, stderr }: Outcome): void {
  const found = CONTROL.exec(stdout + stderr);
  const where =
    found === null ? '' : JSON.stringify((stdout + stderr).slice(Math.max(0, found.index - 60)).slice(0, 90));
  hold(found === null, `a control character was printed: ${where}`);
}

/** JSON in which every character that is not plain is written as an escape: the parser alone makes it what it is. */
function ascii(value: object): string {
  const escape = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, escape);
}

/** In the state directory stands what we name ourselves, and nothing that anybody else has named. */
function checkState({ state }: Daemon): void {
  const ours =
    /^((state|config)\.json(\.[0-9a-f]{8})?|keeper\.[0-9a-f]{8}\.sock|daemon|history(\.\d+|\.jsonl?|\.[\w.]+)?|output|running|(output|running)\/[0-9a-f]{8}-\d+)$/;
  for (const name of filesBelow(state)) hold(ours.test(name), `${name} stands in the state directory`);
}

function filesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
}
