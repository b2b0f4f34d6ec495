// Stories of editors and scripts: what they do to files, and when it is told.
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { watchConfig } from '../../src/config/watch.ts';
import { inFolder } from './folder.ts';
import type { Folder } from './folder.ts';

const limit = 10_000;

/** A watched folder, as the daemon has it: each report is followed by a load and an update. */
interface Story extends Folder {
  /** A file that is renamed into place is told as that; who looks only now and then may as well see that it is still. */
  renamed(how: string): void;
  /** Within how many ms, with the load, a replaced file is told. */
  readonly soon: number;
  /** Does something, and waits for what is told next; comes to it and to how long that took. */
  after(act: () => void | Promise<void>): Promise<{ how: string; ms: number }>;
  /** Nothing must be told while this is done, and for a second after it. */
  quietly(act: () => void | Promise<void>): Promise<void>;
  readonly jails: readonly string[];
}

const main = (...jails: readonly string[]): string =>
  `include: ["d/*.yml"]\njails: {${jails.map((name) => `${name}: {}`).join(', ')}}\n`;

/** Where the system tells of changes, and where they are found by looking: here both can be had. */
const ways = ['Linux', 'FreeBSD'] as const;
type Way = (typeof ways)[number];

const toldFirst: Promise<void>[] = [];
let begin = (): void => {};
const turn = { Linux: Promise.resolve(), FreeBSD: new Promise<void>((resolve) => (begin = resolve)) };

/** All stories of one way are told at once, since each of them mostly waits; then those of the other. */
function together(name: string, tell: (folder: Folder, way: Way) => Promise<void>): void {
  for (const way of ways) {
    const told = turn[way].then(inFolder((folder) => tell(folder, way)));
    if (way === 'Linux') toldFirst.push(told);
    told.catch(() => {}); // the test will see it when its turn comes
    test(`${name} (as on ${way})`, () => told);
  }
}

function story(name: string, tell: (story: Story) => Promise<void>): void {
  together(name, async (folder, way) => {
    folder.write('jaildaemon.yml', main('one'));
    folder.write('d/a.yml', 'jails: {a: {}}\n');
    await run(folder, way, tell);
  });
}

async function run(folder: Folder, way: Way, tell: (story: Story) => Promise<void>): Promise<void> {
  const loader = folder.loader();
  let jails: readonly string[] = [];
  let told: string[] = [];
  let heard: (() => void) | undefined;
  const load = async (): Promise<readonly string[]> => {
    const result = await loader.load();
    if (result.ok) jails = result.config.jails.map((jail) => jail.name);
    return result.involved;
  };
  const watch = watchConfig(
    await load(),
    (how) => {
      told.push(how);
      void load().then((involved) => {
        watch.update(involved);
        heard?.();
      });
    },
    way,
  );
  const next = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing was told in ${limit} ms`)), limit);
      heard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  /** Files that are new when they are first looked at are looked at once more: the stories begin after that. */
  const settle = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    told = [];
  };
  const after = async (act: () => void | Promise<void>): Promise<{ how: string; ms: number }> => {
    told = [];
    const reported = next();
    await act();
    const before = performance.now();
    if (told.length === 0) await reported;
    return { how: told[0] ?? '', ms: performance.now() - before };
  };
  const quietly = async (act: () => void | Promise<void>): Promise<void> => {
    told = [];
    await act();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.equal(told, []);
  };
  try {
    await settle();
    await tell({
      ...folder,
      renamed: (how) => {
        if (way === 'Linux' || how !== 'still') assert.is(how, 'replaced');
      },
      soon: way === 'Linux' ? 400 : 2_000,
      after,
      quietly,
      get jails() {
        return jails;
      },
    });
  } finally {
    await watch.close();
  }
}

/** As most editors and all careful scripts do it. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

story(
  'a file that is renamed into place is told at once, again and again',
  async ({ file, after, renamed, soon }) => {
    for (const name of ['two', 'three', 'four']) {
      const { how, ms } = await after(() => replace(file, main(name)));
      renamed(how);
      assert.ok(ms < soon, `in ${ms} ms, with the load`);
    }
  },
);

story('a file written in place is told when it has been still', async (told) => {
  const { how, ms } = await told.after(() => writeFileSync(told.file, main('two')));
  assert.is(how, 'still');
  assert.ok(ms >= 450, `after ${ms} ms`);
  assert.equal(told.jails, ['two', 'a']);
});

story('a slow writer is waited for, however long it takes', async (told) => {
  const { how } = await told.after(async () => {
    writeFileSync(told.file, 'jails:\n');
    for (let count = 0; count < 12; count++) {
      appendFileSync(told.file, `  j${count}: {}\n`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  assert.is(how, 'still');
  assert.is(told.jails.length, 12);
});

story('an editor that moves the old file away and writes a new one is waited for', async (told) => {
  const { how } = await told.after(() => {
    renameSync(told.file, `${told.file}~`);
    writeFileSync(told.file, main('two'));
    unlinkSync(`${told.file}~`);
  });
  assert.is(how, 'still');
  assert.equal(told.jails, ['two', 'a']);
});

story('a file that is ready waits for one that is being written', async (told) => {
  const { how } = await told.after(async () => {
    writeFileSync(`${told.path}/d/a.yml`, 'jails: {b: {}}\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    replace(told.file, main('two'));
  });
  assert.is(how, 'still');
  assert.equal(told.jails, ['two', 'b']);
});

story('an include that comes, and one that goes', async (told) => {
  assert.is((await told.after(() => replace(`${told.path}/d/b.yml`, 'jails: {b: {}}\n'))).how, 'still');
  assert.equal(told.jails, ['one', 'a', 'b']);
  assert.is((await told.after(() => unlinkSync(`${told.path}/d/a.yml`))).how, 'still');
  assert.equal(told.jails, ['one', 'b']);
});

story('a directory that is deleted and made again, twice', async (told) => {
  for (const name of ['b', 'c']) {
    assert.is((await told.after(() => rmSync(`${told.path}/d`, { recursive: true }))).how, 'still');
    assert.equal(told.jails, ['one']);
    const { how } = await told.after(() => {
      mkdirSync(`${told.path}/d`);
      writeFileSync(`${told.path}/d/${name}.yml`, `jails: {${name}: {}}\n`);
    });
    assert.is(how, 'still');
    assert.equal(told.jails, ['one', name]);
  }
  const { how } = await told.after(() => replace(`${told.path}/d/c.yml`, 'jails: {d: {}}\n'));
  told.renamed(how); // and what is in it is watched as before
});

story('the whole folder is deleted and made again, at once', async (told) => {
  await told.after(() => {
    rmSync(told.path, { recursive: true });
    mkdirSync(told.path);
    writeFileSync(told.file, 'jails: {new: {}}\n');
  });
  assert.equal(told.jails, ['new']);
  told.renamed((await told.after(() => replace(told.file, main('two')))).how);
  assert.equal(told.jails, ['two']);
});

together('a symlink that is swapped, as configuration management does it', async (folder, way) => {
  for (const name of ['v1', 'v2', 'v3']) folder.write(`${name}/jaildaemon.yml`, `jails: {${name}: {}}\n`);
  symlinkSync('v1', `${folder.path}/current`);
  symlinkSync('current/jaildaemon.yml', folder.file);
  await run(folder, way, async (told) => {
    for (const name of ['v2', 'v3']) {
      const { how, ms } = await told.after(() => {
        symlinkSync(name, `${folder.path}/next`);
        renameSync(`${folder.path}/next`, `${folder.path}/current`);
      });
      assert.is(how, 'replaced');
      assert.ok(ms < told.soon, `in ${ms} ms, with the load`);
      assert.equal(told.jails, [name]);
    }
    assert.is((await told.after(() => writeFileSync(folder.file, 'jails: {written: {}}\n'))).how, 'still');
    assert.equal(told.jails, ['written'], 'written through the symlinks');
  });
});

story('what does not matter is not told', async ({ path, file, quietly }) => {
  await quietly(() => {
    writeFileSync(`${path}/d/.a.yml.swp`, 'x');
    writeFileSync(`${path}/d/a.yml~`, 'x');
    writeFileSync(`${path}/notes.txt`, 'x');
    mkdirSync(`${path}/d/sub`);
    mkdirSync(`${file}.d`);
  });
});

story('a file that is only touched is told once', async (told) => {
  assert.is((await told.after(() => utimesSync(told.file, 1, 1))).how, 'still');
  await told.quietly(() => {});
});

story('after close nothing is told, and nothing keeps the process', async (told) => {
  const reports: string[] = [];
  const watches = ways.map((way) => watchConfig([told.file], (how) => reports.push(how), way));
  for (const watch of watches) await watch.close();
  replace(told.file, main('two'));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(reports, []);
});

void Promise.allSettled(toldFirst).then(begin);
test.run();
