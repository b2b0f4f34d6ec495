// SECURITY.md names a test behind each claim: every name must be one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const TESTS = join(import.meta.dirname, '..');
const page = readFileSync(join(TESTS, '../SECURITY.md'), 'utf8');
const folders = readdirSync(TESTS);

test('every test that it names exists', () => {
  // `folder/file › name`, or a whole file; a name may go on over the end of a line.
  const named = [...page.matchAll(/`([a-z-]+)\/([a-z-]+)(?: › ([^`]+))?`/g)].filter(([, folder = '']) =>
    folders.includes(folder),
  );
  assert.ok(named.length > 20, `only ${named.length} tests are named`);
  const wrong = named.flatMap(([whole, folder, file, name]) => {
    const text = readFileSync(join(TESTS, folder ?? '', `${file}.test.ts`), 'utf8');
    const words = name?.replaceAll(/\s+/g, ' ');
    // A name may be put together from parts: then its end stands there.
    return words === undefined || text.includes(words) || text.includes(`: ${words}`) ? [] : [whole];
  });
  assert.equal(wrong, []);
});

test.run();
