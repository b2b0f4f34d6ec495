// Files that nobody wrote: pieces of good ones, cut, doubled and mixed. Whatever comes in, an answer comes out, soon.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createApart } from '../../src/config/apart.ts';
import { createDrafting } from '../../src/config/drafting.ts';
import { formatDiagnostics } from '../../src/config/format.ts';
import { parseLimits } from '../../src/config/limits.ts';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 4);

const seed = `# a comment
include: [jaildaemon.d/*.yml]
defaults: &d
  timeout: 1h
  env: {A: "1", B: 'two'}
jails:
  web:
    pid: /run/web.pid
    probes:
      EZJAIL_REBOOT: {command: 'ezjail-admin restart "$JAIL_NAME"', uid: -1}
      ZFS_SNAPSHOT: &z
        <<: *d
        command: |
          zfs snapshot "jails/$JAIL_NAME@$(date +%s)"
        respawn: after
        groups: [1, 2]
  "db-*":
    probes:
      ? UPDATE
      : *z
      LIST: {command: [/bin/echo, "a\\tb"], enabled: no}
settings: {brake: {triggers: 0, within: 1s}, history: {bytes: 64MiB}}
x-free: !!str [*d, ~, 0x1F, .inf, 1e400, "\\u0000"]
`;

/** Words that change what follows them. */
const spices =
  ": |- |> |\n|\t|  |[|]|{|}|,|\"|'|#|&a |*a |*d |<<: *d|---\n|...\n|%YAML 1.1\n|!!binary |!x |? |: |- - - |__proto__: |constructor: |hasOwnProperty: |\u{feff}|\u{2028}|\u{1f600}|\u0000|\u001f|\r\n|\r|99999999999999999999|-0|.nan|null|~|true|''|x-|jails: |probes: |command: |@|`".split(
    '|',
  );

/** A small generator with a seed: the same files in every run. */
function random(state: number): (below: number) => number {
  let now = state;
  return (below) => {
    now = (Math.imul(now, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((now / 2 ** 32) * below);
  };
}

function mutate(text: string, pick: (below: number) => number): string {
  let now = text;
  for (let count = pick(6) + 1; count > 0; count--) {
    const at = pick(now.length + 1);
    const length = pick(40);
    const piece = now.slice(at, at + length);
    const spice = spices[pick(spices.length)] ?? '';
    const forms = [
      () => now.slice(0, at) + now.slice(at + length),
      () => now.slice(0, at) + piece + now.slice(at),
      () => now.slice(0, at) + spice + now.slice(at),
      () => now.slice(0, at) + spice + now.slice(at + 1),
      () => now.slice(0, at) + spice.repeat(pick(300)) + now.slice(at),
      () => now.slice(0, at) + now.slice(pick(now.length + 1)).slice(0, 200) + now.slice(at),
      () => now.slice(0, at),
    ];
    now = (forms[pick(forms.length)] ?? (() => now))().slice(0, 200_000);
  }
  return now;
}

/** Goes the whole way of one file; fails if that is not an answer of the right form. */
function drive(bytes: Uint8Array): void {
  const [draft] = createDrafting().draft([{ file: '/f.yml', bytes, digest: '', main: true }], parseLimits);
  assert.ok(draft);
  for (const { line, column, endLine, endColumn, message } of draft.problems) {
    assert.ok(line >= 1 && column >= 1 && endLine >= line && endColumn >= 1 && message.length > 0);
  }
  // oxlint-disable-next-line no-control-regex
  assert.not.match(formatDiagnostics(draft.problems), /[\u0000-\u0009\u000b-\u001f\u007f]/);
}

/** Time of the processor, since others work here as well; with its threads, hence more than the second we allow. */
function checkTime(before: NodeJS.CpuUsage, name: string): void {
  const { user, system } = process.cpuUsage(before);
  const took = (user + system) / 1000;
  assert.ok(took < 2500, `${name} took ${took.toFixed(0)} ms`);
}

/** What is cheap to write and might be dear to read, near the largest file. */
const size = 2_000_000;
const numbered = (count: number, one: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => one(n)).join(', ');
const fill = (piece: string): string => piece.repeat(Math.floor(size / piece.length));
/** Made one by one: all of them together would be what is measured. */
const heavy: Readonly<Record<string, () => string>> = {
  brackets: () => fill('[a,'),
  'closed brackets': () => fill(']'),
  'nested pairs': () => fill('{a: '),
  'nested lists': () => fill('- '),
  'explicit keys': () => fill('? '),
  colons: () => fill(': '),
  'one long word': () => `jails: {}\nx-a: ${fill('a')}`,
  'one long quoted text': () => `jails: {}\nx-a: "${fill('a ')}"`,
  escapes: () => `jails: {}\nx-a: "${fill('\\u0041')}"`,
  'a text of many lines': () => `jails: {}\nx-a: "${fill('a\n\n ')}"`,
  'a word of many lines': () => `jails: {}\nx-a: ${fill('a\n  ')}`,
  'a block of many lines': () => `jails: {}\nx-a: |\n${fill('  a\n')}`,
  'a folded block': () => `jails: {}\nx-a: >\n${fill('  a\n\n')}`,
  'empty lines': () => `jails: {}\n${fill('\n')}`,
  comments: () => `jails: {}\n${fill('#\n')}`,
  'comments in a list': () => `jails: {}\nx-a: [\n${fill('#\n')}]`,
  spaces: () => `jails: {}\nx-a:${fill(' ')}`,
  tabs: () => `jails: {}\nx-a:${fill('\t')}`,
  documents: () => fill('---\n'),
  anchors: () => `jails: {}\nx-a: [${fill('&a a,')}]`,
  aliases: () => `jails: {}\nx-0: &a [1]\nx-a: [${fill('*a,')}]`,
  tags: () => `jails: {}\nx-a: [${fill('!a b,')}]`,
  quotes: () => fill("'"),
  'many keys': () => `jails: {}\n${Array.from({ length: 100_000 }, (_, n) => `x-${n}: 1\n`).join('')}`,
  'many unknown keys': () => Array.from({ length: 100_000 }, (_, n) => `k${n}: 1\n`).join(''),
  'many equal keys': () => fill('jails: {}\n'),
  'many bad probes': () =>
    `jails: {a: {probes: {${Array.from({ length: 60_000 }, (_, n) => `k${n}: 1`).join(', ')}}}}`,
  'many bad jails': () => `jails: {${Array.from({ length: 60_000 }, (_, n) => `k${n}: 1`).join(', ')}}`,
  'a command of many numbers': () =>
    `jails: {a: {probes: {k: {command: [${fill('1, ').slice(0, 400_000)}]}}}}`,
  'long names nearly right': () =>
    `jails: {a: {${Array.from({ length: 20_000 }, (_, n) => `${'probez'.repeat(10)}${n}: 1`).join(', ')}}}`,
  'a list just below the limit': () => `jails: {}\nx-a: [${'a,'.repeat(140_000)}]`,
  'aliases just below the limit': () => `jails: {}\nx-0: &a {b: 1}\nx-a: [${'*a,'.repeat(90_000)}]`,
  'many probes on one line': () =>
    `jails: {a: {probes: {${numbered(26_000, (n) => `k${n}: {command: x}`)}}}}`,
  'many warnings': () => `jails: {a: {probes: {${numbered(26_000, (n) => `k${n}: {command: ''}`)}}}}`,
  'many equal titles': () =>
    `jails: {a: {probes: {${numbered(20_000, (n) => `k${n}: {command: x, title: T}`)}}}}`,
  'many jails': () => `jails: {${numbered(45_000, (n) => `j${n}: {}`)}}`,
};

const largest = (): number => process.resourceUsage().maxRSS / 1024;
const sizes: number[] = [];

test('a thread with a small file, to compare with', async () => {
  const drafting = createApart();
  await drafting.draft([{ file: '/f.yml', bytes: Buffer.from(seed), digest: '', main: true }], parseLimits);
  sizes.push(largest());
  await drafting.close();
});

/** In a thread, as the daemon does it: what it took is given back with it. A thread for each would take its time. */
const cases = Object.entries(heavy);
for (let first = 0; first < cases.length; first += 3) {
  test(`large files, ${first} and on`, async () => {
    const drafting = createApart();
    try {
      for (const [name, make] of cases.slice(first, first + 3)) {
        const bytes = Buffer.from(make().slice(0, size));
        const before = process.cpuUsage();
        const [draft] = await drafting.draft(
          [{ file: '/f.yml', bytes, digest: '', main: true }],
          parseLimits,
        );
        assert.ok(draft);
        checkTime(before, name);
      }
    } finally {
      await drafting.close();
    }
  });
}

test('all of them, one after the other, do not make the process much larger', () => {
  // Each by itself takes at most 200 MiB; what an ended thread gave back, the allocator keeps for a while.
  const grown = largest() - (sizes[0] ?? 0);
  assert.ok(grown < 450, `the process grew by ${grown.toFixed(0)} MiB`);
});

test(`mutants of a good file, for ${seconds} seconds`, () => {
  const pick = random(42);
  const end = performance.now() + seconds * 1000;
  let count = 0;
  while (performance.now() < end) {
    const text = mutate(seed, pick);
    const before = process.cpuUsage();
    try {
      drive(Buffer.from(text));
      checkTime(before, 'it');
    } catch (error) {
      throw new Error(`mutant ${count}: ${JSON.stringify(text.slice(0, 2000))}`, { cause: error });
    }
    count++;
  }
  assert.ok(count > 100, `${count} mutants`);
});

test('bytes of chance', () => {
  const pick = random(7);
  for (let count = 0; count < 300; count++) {
    drive(Uint8Array.from({ length: pick(300) }, () => pick(256)));
  }
});

test.run();
