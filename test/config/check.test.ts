// `jaildaemon check`, as far as it does not need its command line.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inFolder, me } from './folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs it in a process of its own, since it writes to stdout and stderr. */
function check(
  file: string,
  options: object = {},
  uid = me,
): { code: number | null; out: string; err: string } {
  const script = `import { check } from ${JSON.stringify(`${root}src/cli/check.ts`)};
    if (${uid} !== ${me}) process.setuid(${uid});
    process.exitCode = await check(${JSON.stringify(file)}, ${JSON.stringify(options)});`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

test(
  'a good file: 0, and one line',
  inFolder(({ write }) => {
    const file = write('jaildaemon.yml', 'jails: {web: {probes: {A: {command: x}, B: {command: y}}}}\n');
    const line = `${file}: good: 1 jail, 2 probes.\n`;
    const { code, out, err } = check(file);
    if (me === 0) assert.equal({ code, out, err }, { code: 0, out: line, err: '' });
    else assert.is(code, 0);
  }),
);

test(
  'a bad file: 78, and what is wrong on stderr',
  inFolder(({ write }) => {
    const { code, out, err } = check(write('jaildaemon.yml', 'jail: {}\n'));
    assert.equal([code, out], [78, '']);
    assert.match(err, 'error: unknown key "jail"');
    assert.match(err, '= did you mean "jails"?');
  }),
);

test(
  '--json: one object on stdout, of exactly the promised members',
  inFolder(({ write }) => {
    const { code, out, err } = check(write('jaildaemon.yml', 'jails: {}\nsetings: {}\n'), { json: true });
    assert.equal([code, err], [78, '']);
    const body = JSON.parse(out);
    const found = body.diagnostics.filter(({ severity }: { severity: string }) => severity === 'error');
    assert.equal([body.version, body.ok, found.length], [1, false, 1]);
    const members = [
      'code',
      'column',
      'endColumn',
      'endLine',
      'file',
      'hint',
      'line',
      'message',
      'path',
      'severity',
    ];
    assert.equal(Object.keys(found[0]).sort(), members);
  }),
);

test(
  '--print: what the file comes to',
  inFolder(({ write }) => {
    const { code, out } = check(write('jaildaemon.yml', 'jails: {web: {probes: {A: {command: x}}}}\n'), {
      print: true,
    });
    assert.is(code, 0);
    assert.is(JSON.parse(out).jails[0].probes[0].killAfter, 10_000);
  }),
);

test(
  'a program that is not there is a warning',
  inFolder(({ write }) => {
    const { code, err } = check(
      write('jaildaemon.yml', 'jails: {web: {probes: {A: {command: [/no/such, -v]}}}}\n'),
    );
    assert.is(code, 0);
    assert.match(err, ':1:38: warning: /no/such is not there, or not executable');
  }),
);

test(
  'the sample file is good, and names the schema for editors',
  inFolder(({ path }) => {
    const sample = readFileSync(`${root}etc/jaildaemon.yml.sample`, 'utf8');
    assert.match(sample, /^# yaml-language-server: \$schema=\S+config\.schema\.json$/m);
    writeFileSync(`${path}/sample.yml`, sample);
    const { code, err } = check(`${path}/sample.yml`);
    assert.is(code, 0, err);
    assert.not.match(err, 'error');
  }),
);

test.run();
