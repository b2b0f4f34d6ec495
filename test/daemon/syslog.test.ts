/** `--log syslog` goes through logger(1), which is stood in for by one that writes down what it is told. */
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLog } from '../../src/daemon/log-sink.ts';
import { isAlive } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const syslog = suite('the log in syslog');

/** A folder that comes first in PATH, with a logger in it. */
async function withLogger(
  t: Teller,
): Promise<{ said: () => Promise<string>; pids: () => Promise<number[]> }> {
  const program = join(t.dir, 'logger');
  await writeFile(program, `#!/bin/sh\necho "$$ $*" >> ${t.dir}/started\nexec cat >> ${t.dir}/said\n`);
  await chmod(program, 0o755);
  const { PATH } = process.env;
  process.env['PATH'] = `${t.dir}:${PATH}`;
  t.defer('give the PATH back', () => (process.env['PATH'] = PATH));
  const read = async (name: string): Promise<string> =>
    existsSync(join(t.dir, name)) ? readFile(join(t.dir, name), 'utf8') : '';
  const pids = async (): Promise<number[]> =>
    (await read('started')).split('\n').flatMap((line) => (line === '' ? [] : [Number.parseInt(line, 10)]));
  t.defer('end what is left', async () => {
    for (const pid of await pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { said: () => read('said'), pids };
}

story(syslog, 'each event is a line of logger’s, whatever is in it', {}, async (t) => {
  const { said, pids } = await withLogger(t);
  const log = openLog('syslog', 'text');
  log.say('info', 'one', 'two\nthree\u001b[31m');
  log.say('error', 'four');
  await until(async () => (await said()).split('\n').length === 3, 'both lines have arrived');
  assert.match(await said(), /^\S+Z info {2}one: two\S*three\S+\n\S+Z error four\n$/);
  assert.is((await pids()).length, 1, 'one logger for all of them');
  assert.match(await readFile(join(t.dir, 'started'), 'utf8'), /^\d+ -t jaildaemon -p daemon\.notice\n$/);
  log.reopen(); // SIGUSR2: there is nothing to open anew
  assert.is((await pids()).length, 1);
});

story(
  syslog,
  'a logger that has ended is started again, and one that is missing stops nobody',
  {},
  async (t) => {
    const { said, pids } = await withLogger(t);
    const log = openLog('syslog', 'text');
    log.say('info', 'one');
    await until(async () => (await said()).includes('one'), 'the line has arrived');
    const [first = 0] = await pids();
    process.kill(first, 'SIGKILL');
    // What is written between its end and our hearing of it is lost; never more than that.
    await until(async () => {
      log.say('info', 'two');
      return (await said()).includes('two');
    }, 'another one takes what follows');
    for (const pid of await pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await rm(join(t.dir, 'logger'));
    process.env['PATH'] = t.dir;
    for (let i = 0; i < 10; i++) {
      log.say('info', 'nobody hears this');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
);

syslog.run();
