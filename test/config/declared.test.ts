// Which definition holds for a jail: decision by exact name, jid, pattern; taken whole.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { JailConfig, ProbeConfig } from '../../src/config/config.ts';
import { createDeclared } from '../../src/config/declared.ts';
import { isGlob, matchesGlob, matchesJail } from '../../src/config/glob.ts';

const origin = { file: 'f', line: 1, column: 1 };

const probe = (key: string, more: Partial<ProbeConfig> = {}): ProbeConfig => ({
  key,
  title: key,
  enabled: true,
  argv: ['/bin/true'],
  uid: 0,
  gid: 0,
  groups: [],
  respawn: 'never',
  timeout: 0,
  killAfter: 0,
  cooldown: 0,
  concurrency: 1,
  cwd: '/',
  env: {},
  receipt: false,
  origin,
  ...more,
});

const jail = (name: string, ...probes: readonly ProbeConfig[]): JailConfig => ({
  name,
  glob: isGlob(name),
  whereabouts: { by: 'name' },
  probes,
  origin,
});

const show = (jails: readonly JailConfig[], name: string, jid?: number): string[] =>
  createDeclared({ jails })
    .forJail(name, jid)
    .map(
      ({ probe: { key, argv }, clash }) => `${key}=${argv[0]}${clash ? ` clashes with ${clash.with}` : ''}`,
    );

const by = (key: string, who: string, more: Partial<ProbeConfig> = {}): ProbeConfig =>
  probe(key, { argv: [who], ...more });

test('an exact name beats a jid, a jid beats a pattern, an earlier pattern beats a later one', () => {
  const jails = [
    jail('w*', by('A', 'first'), by('B', 'first')),
    jail('*b', by('A', 'second'), by('C', 'second')),
  ];
  assert.equal(show(jails, 'web'), ['A=first', 'B=first', 'C=second']);
  assert.equal(show([...jails, jail('7', by('A', 'jid'))], 'web', 7), ['A=jid', 'B=first', 'C=second']);
  const all = [...jails, jail('7', by('A', 'jid')), jail('web', by('A', 'name'))];
  assert.equal(show(all, 'web', 7), ['A=name', 'B=first', 'C=second']);
  assert.equal(show(all, 'web'), ['A=name', 'B=first', 'C=second']);
});

test('enabled: false takes away what a pattern gives, and leaves its title free', () => {
  const jails = [
    jail('web', probe('A', { enabled: false })),
    jail('*', by('A', 'x'), by('B', 'x', { title: 'A' })),
  ];
  assert.equal(show(jails, 'web'), ['B=x']);
  assert.equal(show(jails, 'db'), ['A=x', 'B=x clashes with A']);
});

test('a title that two patterns give: the later one clashes, and says with whom', () => {
  const jails = [jail('w*', by('A', 'x', { title: 'T' })), jail('*b', by('B', 'y', { title: 'T' }))];
  assert.equal(show(jails, 'web'), ['A=x', 'B=y clashes with A']);
  assert.equal(show(jails, 'wep'), ['A=x']);
});

test('patterns do not cross dots, and match whole names only', () => {
  const pairs: [string, string, boolean][] = [
    ['db-*', 'db-1', true],
    ['db-*', 'db-', true],
    ['db-*', 'db-1.evil', false],
    ['*', 'a.b', false],
    ['*.*', 'a.b', true],
    ['db?', 'db.', false],
    ['db?', 'db1', true],
    ['db?', 'db', false],
    ['b', 'db', false],
    ['*a*b*c', 'xaxbxc', true],
    ['*a*b*c', 'xaxcxb', false],
  ];
  for (const [pattern, name, expected] of pairs)
    assert.is(matchesJail(pattern, name), expected, `${pattern} ${name}`);
});

test('a pattern with many stars is no way to keep the daemon busy', () => {
  const before = process.cpuUsage();
  assert.is(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(255)), false);
  assert.ok(process.cpuUsage(before).user < 200_000);
});

test('whereabouts come from whichever entry has them', () => {
  const place: JailConfig = { ...jail('web'), whereabouts: { by: 'pid', pid: 7 } };
  const declared = createDeclared({ jails: [jail('web'), place, jail('*'), jail('9')] });
  assert.equal(declared.jailNames, ['web']);
  assert.equal(declared.whereabouts('web'), { by: 'pid', pid: 7 });
  assert.is(declared.whereabouts('db'), undefined);
});

const names = fc.constantFrom('web', 'wob', 'db', 'web.db', '1', '2', 'w*', '*b', '*', 'w?b', '*.db');
const worlds = fc.array(
  fc.tuple(
    names,
    fc.uniqueArray(
      fc.record({
        key: fc.constantFrom('A', 'B', 'C'),
        title: fc.constantFrom('A', 'T', 'U'),
        enabled: fc.boolean(),
      }),
      { selector: ({ key }) => key, maxLength: 3 },
    ),
  ),
  { maxLength: 8 },
);
const asked = fc.tuple(
  fc.constantFrom('web', 'wob', 'db', 'web.db', 'x'),
  fc.option(fc.constantFrom(1, 2), { nil: undefined }),
);

test('property: one definition a key, of the best rank; one holder a title; the same answer twice', () => {
  fc.assert(
    fc.property(worlds, asked, (world, [name, jid]) => {
      const jails = world.map(([of, probes]) =>
        jail(of, ...probes.map(({ key, ...more }) => probe(key, more))),
      );
      const declared = createDeclared({ jails });
      const wanted = declared.forJail(name, jid);
      assert.is(declared.forJail(name, jid), wanted);

      const rank = ({ name: of, glob }: JailConfig): number | undefined => {
        if (glob) return matchesJail(of, name) ? 2 : undefined;
        if (/^\d+$/.test(of)) return of === String(jid) ? 1 : undefined;
        return of === name ? 0 : undefined;
      };
      const ranked = [0, 1, 2].flatMap((level) => jails.filter((one) => rank(one) === level));
      for (const key of ['A', 'B', 'C']) {
        const first = ranked.flatMap(({ probes }) => probes).find((one) => one.key === key);
        const chosen = wanted.filter(({ probe }) => probe.key === key).map(({ probe }) => probe);
        assert.equal(chosen, first?.enabled ? [first] : []);
      }
      for (const title of ['A', 'T', 'U']) {
        const holders = wanted.filter(({ probe }) => probe.title === title);
        assert.equal(
          holders.map(({ clash }) => clash?.with),
          holders.map((_, index) => (index === 0 ? undefined : holders[0]?.probe.key)),
        );
      }
    }),
    { numRuns: 2000, seed: 7 },
  );
});

test('property: without a dot, a pattern matches as its regular expression does', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 });
  fc.assert(
    fc.property(patterns, letters, (pattern, text) => {
      const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
      assert.is(matchesGlob(pattern, text), same.test(text));
    }),
    { numRuns: 5000, seed: 7 },
  );
});

test('10,000 probes in 1,000 jails, or in one, are a matter of milliseconds', () => {
  for (const count of [1000, 1]) {
    const probes = Array.from({ length: 10_000 / count }, (_, index) => probe(`P${index}`));
    const jails = Array.from({ length: count }, (_, index) => jail(`j${index}`, ...probes));
    const before = process.cpuUsage();
    const declared = createDeclared({ jails: [...jails, jail('*9*', probe('X'))] });
    const found = declared.jailNames.reduce((sum, name) => sum + declared.forJail(name).length, 0);
    assert.ok(found >= 10_000);
    assert.ok(process.cpuUsage(before).user < 1_000_000);
  }
});

test.run();
