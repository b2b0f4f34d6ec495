// limit: 400 s
// The keeper's own stories once more, with a keeper that AddressSanitizer and UBSan watch: real probes, real commands.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { execute } from '../rig/execute.ts';
import { story } from '../rig/story.ts';
import { buildSanitized, noFuzzer } from './build.ts';

const suite = createSuite('sanitized keeper');

/** Those that start and end processes in all ways; the rest is about amounts. */
const FILES = ['command', 'replacing', 'drain', 'arming'];
const unless = process.getuid?.() === 0 ? noFuzzer() : 'needs root';

story(
  suite,
  `${FILES.join(', ')}: they pass, and nothing is reported`,
  { seconds: 380, unless },
  async (t) => {
    const { program, reports } = await buildSanitized(t.dir);
    for (const name of FILES) {
      const file = join(import.meta.dirname, `../keeper/${name}.test.ts`);
      const { code, stdout } = await execute(process.execPath, ['--import', 'tsx', file], {
        env: { ...process.env, JAILDAEMON_TEST_KEEPER: program },
        seconds: 150,
      });
      const said = await Promise.all(
        (await readdir(reports)).map((one) => readFile(join(reports, one), 'utf8')),
      );
      assert.equal(said, [], `${name}: the sanitizers have something to say`);
      assert.is(code, 0, `${name}:\n${stdout.slice(-4_000)}`);
    }
  },
);

suite.run();
