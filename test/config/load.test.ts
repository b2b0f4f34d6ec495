// Includes, and what a loader remembers from one load to the next.
import { rmSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inFolder, loaded } from './folder.ts';

const jail = (name: string, command = 'x'): string =>
  `jails: {${name}: {probes: {A: {command: ${command}}}}}\n`;

test(
  'includes come sorted, after the main file, each once, without hidden files',
  inFolder(async ({ write, loader }) => {
    write('jaildaemon.yml', `include: [d/2.yml, "d/*.yml", "*.yml", "none/*.yml"]\n${jail('main')}`);
    for (const name of ['10', '2', '1', '.hidden']) write(`d/${name}.yml`, jail(`j${name}`));
    write('d/3.yml~', 'not even YAML: [');
    const { config } = loaded(await loader().load());
    assert.equal(
      config.jails.map(({ name }) => name),
      ['main', 'j2', 'j1', 'j10'],
    );
  }),
);

test(
  'entries of one jail in two files add up',
  inFolder(async ({ write, loader }) => {
    write('jaildaemon.yml', 'include: [a.yml]\njails: {web: {pid: 5, probes: {A: {command: x}}}}\n');
    write('a.yml', 'jails: {web: {probes: {B: {command: x}}}}\n');
    const { config } = loaded(await loader().load());
    assert.equal(
      config.jails.map(({ name, probes }) => [name, probes.length]),
      [
        ['web', 1],
        ['web', 1],
      ],
    );
  }),
);

for (const here of [true, false]) {
  test(
    `nothing changed: the same object; one file changed: the others keep theirs (${here ? 'here' : 'in a thread'})`,
    inFolder(async ({ write, loader }) => {
      write('jaildaemon.yml', 'include: ["d/*.yml"]\njails: {}\n');
      write('d/a.yml', jail('a'));
      write('d/b.yml', jail('b'));
      const one = loader({ here });
      const first = loaded(await one.load());
      assert.is(loaded(await one.load()).config, first.config);
      write('d/b.yml', jail('b', 'y'));
      const second = loaded(await one.load());
      assert.is.not(second.config, first.config);
      assert.is.not(second.digest, first.digest);
      assert.is(second.config.jails[0], first.config.jails[0]);
      assert.is(second.config.jails[1]?.probes[0]?.argv[2], 'y');
    }),
  );

  test(
    `a file that is broken for a while is forgotten (${here ? 'here' : 'in a thread'})`,
    inFolder(async ({ write, loader }) => {
      write('jaildaemon.yml', jail('a'));
      const one = loader({ here });
      const first = loaded(await one.load());
      write('jaildaemon.yml', 'jails: [');
      assert.is((await one.load()).ok, false);
      write('jaildaemon.yml', 'jails: {a: {probes: {A: {command: x, run_as: nobody-at-all}}}}\n');
      assert.is((await one.load()).ok, false);
      write('jaildaemon.yml', jail('a'));
      assert.is(loaded(await one.load()).config, first.config);
    }),
  );
}

test(
  'a change of the defaults reaches the probes of files that did not change',
  inFolder(async ({ write, loader }) => {
    const main = (timeout: string): string =>
      `include: [a.yml]\ndefaults: {timeout: ${timeout}}\njails: {}\n`;
    write('jaildaemon.yml', main('1s'));
    write('a.yml', jail('a'));
    const one = loader();
    assert.is(loaded(await one.load()).config.jails[0]?.probes[0]?.timeout, 1000);
    write('jaildaemon.yml', main('2s'));
    assert.is(loaded(await one.load()).config.jails[0]?.probes[0]?.timeout, 2000);
  }),
);

test(
  'what is wrong between files is told at its place, also in one that did not change',
  inFolder(async ({ write, loader }) => {
    write('jaildaemon.yml', 'include: [a.yml]\njails: {}\n');
    write(
      'a.yml',
      'jails:\n  a:\n    probes:\n      A: {command: x, respawn: after, receipt: true}\n      B: {command: x}\n',
    );
    const one = loader();
    loaded(await one.load());
    write('jaildaemon.yml', 'include: [a.yml]\ndefaults: {receipt: true}\njails: {}\n');
    const result = await one.load();
    assert.equal(!result.ok && result.diagnostics.map(({ line, column, code }) => [line, column, code]), [
      [5, 7, 'receipt'],
    ]);
  }),
);

test(
  'what was loaded and what could not be are to be watched',
  inFolder(async ({ path, write, loader }) => {
    write('jaildaemon.yml', 'include: ["d/*.yml", gone.yml]\njails: {}\n');
    write('d/a.yml', jail('a'));
    const result = await loader().load();
    assert.is(result.ok, false);
    const names = ['jaildaemon.yml', 'd', 'd/*.yml', 'd/a.yml', 'gone.yml'];
    assert.equal([...result.involved].sort(), names.map((name) => `${path}/${name}`).sort());
    rmSync(`${path}/jaildaemon.yml`);
    const { ok, involved } = await loader().load();
    assert.equal([ok, involved], [false, [`${path}/jaildaemon.yml`]]);
  }),
);

test.run();
