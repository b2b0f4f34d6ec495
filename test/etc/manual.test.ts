/** The manual pages: they name every command, and say what they say in every reader. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../src/cli/commands.ts';

const MAN = join(import.meta.dirname, '../../man');
const page = (name: string): string => readFileSync(join(MAN, name), 'utf8');
const manual = suite('manual');

manual('every command with every option is in the synopsis, and described', () => {
  const [, synopsis = ''] = /^\.Sh SYNOPSIS\n([^]*?)^\.Sh/m.exec(page('jaildaemon.8')) ?? [];
  const described = /^\.Ss Commands\n([^]*?)^\.Ss/m.exec(page('jaildaemon.8'))?.[1] ?? '';
  const blocks = synopsis.split(/^\.Nm$/m);
  for (const { name, options = [] } of COMMANDS) {
    const block = blocks.find((one) => one.startsWith(`\n.Cm ${name}`));
    assert.ok(block, `${name} is in the synopsis`);
    for (const [flags] of options) {
      const long = /--([\w-]+)/.exec(flags)?.[1] ?? '';
      const short = /^-(\w),/.exec(flags)?.[1];
      const either = new RegExp(`\\.Op Fl (?:-${long}${short === undefined ? '' : `|${short}`})\\b`);
      assert.match(block ?? '', either, `${name} --${long}`);
    }
    assert.match(described, new RegExp(`^\\.It Cm ${name}\\b`, 'm'), `${name} is described`);
  }
});

manual('no heading begins with a word that readers take for a macro of theirs', () => {
  for (const name of readdirSync(MAN))
    for (const heading of page(name).matchAll(/^\.S[hs] +(.*)$/gm))
      assert.not.match(heading[1] ?? '', /^[A-Z][a-z] /, `${name}: ${heading[1]}`);
});

manual.run();
