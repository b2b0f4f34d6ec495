/** What `npm pack` makes is all that an installation needs, with a C compiler and make. */
import { readdirSync } from 'node:fs';
import { lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execute, must } from '../rig/execute.ts';
import { missing, withArgument } from '../rig/proc.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const packages = suite('the package');

story(
  packages,
  'unpacked and built, it runs',
  { unless: missing('make', 'cc', 'tar'), seconds: 120 },
  async (t) => {
    // Not through its scripts: what it is made of was built before this test, and is in use by others.
    await must('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', t.dir], { cwd: ROOT });
    const [tarball = ''] = readdirSync(t.dir).filter((name) => name.endsWith('.tgz'));
    await must('tar', ['-xzf', join(t.dir, tarball), '-C', t.dir]);
    const at = (...names: readonly string[]): string => join(t.dir, 'package', ...names);

    const source = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const made = (names: readonly string[], ending: RegExp): string[] =>
      names.filter((name) => ending.test(name)).map((name) => name.replace(ending, ''));
    assert.equal(
      made(readdirSync(at('dist'), { recursive: true, encoding: 'utf8' }), /\.js$/).sort(),
      made(source, /\.ts$/).sort(),
      'all that the sources come to, and nothing of sources that are no more',
    );
    assert.is((await lstat(at('dist/main.js'))).mode & 0o111, 0o111);
    for (const name of [
      'etc/rc.d/jaildaemon',
      'etc/jaildaemon.service',
      'etc/jaildaemon.yml.sample',
      'etc/newsyslog.conf',
      'man/jaildaemon.8',
      'man/jaildaemon.yml.5',
      'schema/config.schema.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'SECURITY.md',
    ])
      await lstat(at(name));

    // What npm install would fetch.
    await symlink(join(ROOT, 'node_modules'), at('node_modules'));
    await mkdir(at('host'), { mode: 0o700 });
    await writeFile(at('host/jaildaemon.yml'), 'jails: {}\n', { mode: 0o600 });
    const paths = [
      '--config',
      at('host/jaildaemon.yml'),
      '--state',
      at('host/s'),
      '-f',
      at('host/sock'),
      '-p',
      at('host/pid'),
      '--log',
      at('host/log'),
    ];
    const jaildaemon = (...args: readonly string[]) =>
      execute(process.execPath, [at('dist/main.js'), ...args]);
    const unbuilt = await jaildaemon('-D', ...paths);
    assert.is(unbuilt.code, 69);
    assert.match(
      unbuilt.stderr,
      `${at('dist/keeper/keeper')} does not exist; build it: make -C ${at('src/keeper/native')}`,
    );

    await must('make', ['-s', '-C', at('src/keeper/native')], { seconds: 100 });
    t.defer('end what is left', () => jaildaemon('stop', '-f', at('host/sock')));
    const started = await jaildaemon('-D', ...paths);
    assert.is(started.code, 0, started.stderr);
    assert.is((await jaildaemon('status', '-f', at('host/sock'))).code, 0);
    assert.is((await jaildaemon('stop', '-f', at('host/sock'))).code, 0);
    await until(() => withArgument(at('host/s')).length === 0, 'daemon and keeper have ended');
    await rm(at('node_modules'));
  },
);

packages.run();
