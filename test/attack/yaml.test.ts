// limit: 90 s
/** Files that nobody wrote, through the same loader as the daemon's: an answer, soon, and with a place. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLoader } from '../../src/config/load.ts';
import { attacks, Breach, hold, isFull } from './attack.ts';
import { mutate, random } from './mutants.ts';

const { attack, run } = attacks('the file');
const [MUTANTS, SECONDS] = isFull ? [100_000, 1500] : [Infinity, 20];

const GOOD = `# a comment
include: [jaildaemon.d/*.yml]
defaults: &d
  timeout: 1h
  env: {A: "1", B: 'two'}
settings: {brake: {triggers: 3, within: 1s}, history: {bytes: 64MiB}, output: {each: 1KiB}}
jails:
  web:
    pid: /run/web.pid
    probes:
      EZJAIL_REBOOT: {command: 'ezjail-admin restart "$JAIL_NAME"', uid: 80, groups: [1, 2]}
      ZFS_SNAPSHOT: &z
        <<: *d
        command: |
          zfs snapshot "jails/$JAIL_NAME@$(date +%s)"
        respawn: after
        receipt: true
  "db-*":
    probes:
      ? UPDATE
      : *z
      LIST: {command: [/bin/echo, "a\\tb"], enabled: no, cooldown: 250ms, concurrency: 3}
x-free: !!str [*d, ~, 0x1F, .inf, 1e400, "\\u0000"]
`;

const SPICES = [
  ...': |- |> |\n|\t|  |[|]|{|}|,|"|\'|#|&a |*a |*d |<<: *d|---\n|...\n|%YAML 1.1\n|!!binary |!x |? |- - - '.split(
    '|',
  ),
  '__proto__: ',
  'constructor: ',
  ...'\ufeff \u2028 \u{1f600} \0 \u001f \r\n \ud800 99999999999999999999 -0 .nan null x- @ ` |'.split(' '),
  'jails: ',
  'probes: ',
  'command: ',
];

attack('mutants of a good one', { who: 'whoever writes it', seconds: SECONDS + 60 }, async (t) => {
  const file = join(t.dir, 'jaildaemon.yml');
  const pick = random(isFull ? Date.now() : 42);
  const end = performance.now() + SECONDS * 1000;
  const counts = { all: 0, accepted: 0 };
  const slowest = { ms: 0, text: '' };
  while (counts.all < MUTANTS && performance.now() < end) {
    const text = mutate(GOOD, pick, SPICES);
    writeFileSync(file, text, { mode: 0o600 });
    const before = process.cpuUsage();
    const loader = createLoader(file, { owner: process.getuid?.() ?? 0, lenient: false, here: true });
    const told = (why: string): string => `${why}: ${JSON.stringify(text.slice(0, 500))}`;
    const result = await loader.load().catch((error: unknown) => {
      throw new Breach(told(String(error)));
    });
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 > slowest.ms) Object.assign(slowest, { ms: (user + system) / 1000, text });
    counts.all++;
    if (result.ok) counts.accepted++;
    else {
      const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
      hold(errors.length > 0, told('refused without a word'));
      hold(
        errors.every(({ line, column, message }) => line >= 1 && column >= 1 && message.length > 0),
        told('an error without a place'),
      );
    }
  }
  // Time of the processor: others work on this machine as well.
  hold(
    slowest.ms < 1000,
    `one took ${slowest.ms.toFixed(0)} ms: ${JSON.stringify(slowest.text.slice(0, 300))}`,
  );
  const largest = process.resourceUsage().maxRSS / 1024;
  hold(largest < 400, `the process took ${largest.toFixed(0)} MiB`);
  hold(counts.all > 200 && counts.accepted > 0 && counts.accepted < counts.all, `${JSON.stringify(counts)}`);
  const ms = slowest.ms.toFixed(0);
  return `${counts.all} files: ${counts.accepted} accepted, the others refused with a place; at most ${ms} ms and ${largest.toFixed(0)} MiB`;
});

run();
