/** The file is edited while a daemon starts: what it has taken over holds, and is what the next daemon goes by. */
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Facts } from '../../src/daemon/facts.ts';
import type { Config } from '../../src/config/config.ts';
import { fired } from '../history/lines.ts';
import { isAlive } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { probesOf, restless, scene, stories } from './scene.ts';

const { tell, run } = stories('start edited');

tell('again and again', async (t) => {
  const s = await scene(t, () => ({ N: { command: 'true', description: '0' } }));
  const pid = await s.host.pid();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the daemon is gone');
  // So much to read that the start takes a while.
  const lines = Array.from({ length: 90_000 }, (_, n) => `${JSON.stringify(fired(n))}\n`).join('');
  await writeFile(join(s.host.state, 'history.jsonl'), lines, { mode: 0o600 });

  const told = (await s.host.log()).length;
  let started = false;
  const start = s.host.start().finally(() => (started = true));
  for (let n = 1; ; n++) {
    await s.write((file) => (probesOf(file)['N'] = { command: 'true', description: String(n) }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    // Not until the last moment, which is any reload's.
    if (started || (await s.host.log()).slice(told).includes(' holds')) break;
  }
  assert.is((await start).code, 0);
  const read = async <T>(name: string): Promise<T> =>
    JSON.parse(await readFile(join(s.host.state, name), 'utf8')) as T;
  // The last edit may be a reload of its own, just now: then the files follow in a moment.
  await until(async () => {
    const { config } = await s.host.json<{ config: { generation: number } }>('status');
    const { description } = await s.host.probe('web/N', () => true, 'is there');
    const facts = await read<Facts>('state.json');
    const remembered = await read<Config>('config.json');
    return (
      facts.generation === config.generation && remembered.jails[0]?.probes[0]?.description === description
    );
  }, 'what is remembered is what holds');
});

tell('SIGHUP while it starts: the file is read again as soon as it runs', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`B-${i}`, { command: 'true' }]));
  const s = await scene(t, () => ({ ...many, N: { command: 'true' } }));
  assert.is((await s.host.cli('stop')).code, 0);
  const starting = s.host.start();
  // It has read the file by then, and all are still to be armed.
  await until(() => readdirSync(s.host.state).some((name) => name.endsWith('.sock')), 'it has a keeper');
  Object.assign(probesOf(s.file)['N'] ?? {}, { description: 'edited' });
  // By itself nobody reads it as long as somebody writes.
  await restless(s.host.config, JSON.stringify(s.file), async () => {
    process.kill(await s.host.pid(), 'SIGHUP');
    assert.is((await starting).code, 0);
    await s.host.probe('web/N', ({ description }) => description === 'edited', 'is as the file says', 5);
  });
});

run();
