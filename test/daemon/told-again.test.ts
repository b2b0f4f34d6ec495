/** A daemon was killed before it had acknowledged what it had written: the keeper tells it again, and it counts once. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Line } from '../../src/history/entry.ts';
import { daemon } from '../rig/daemon.ts';
import { unshared } from '../rig/kinds/unshare.ts';
import { until } from '../rig/until.ts';
import { earlierKeeper, probeFor, stateOf } from './keepers.ts';
import { hup, pidfileOf, stories, traces } from './scene.ts';

const { tell, run } = stories('told again');

const AT = '2026-11-23T10:00:00.000Z';

tell('by an older keeper, though the newer one has told more since', async (t) => {
  const jail = await unshared.start(t, 'web');
  const at = await traces(t);
  const older = await earlierKeeper(t, 2);
  await older.client.order('arm', await probeFor(jail, 'A', at.says('a'), { respawn: 'after' }));
  await older.client.next('armed');
  assert.is((await hup(jail, 'A')).code, 0);
  const [fired] = await until(() => {
    const ended = older.client.events('finished', 'web/A');
    return ended.length > 0 ? older.client.events('fired', 'web/A') : undefined;
  }, 'its command has ended');
  assert.ok(fired);
  older.client.close();

  const id = fired['id'] ?? '';
  const line = { probe: 'web/A', jail: 'web', instance: 'i', title: 'A', firedAt: AT, by: 'jail' } as const;
  const ended = { endedAt: AT, startedAt: AT, durationMs: 1, exitCode: 0 };
  const lines: Line[] = [
    { t: 'fired', id, ...line },
    { t: 'ended', id, ...ended },
    { t: 'fired', id: '00000001-5', ...line },
    { t: 'ended', id: '00000001-5', ...ended },
  ];
  const file = join(stateOf(t), 'history.jsonl');
  const text = lines.map((one) => `${JSON.stringify(one)}\n`).join('');
  await writeFile(file, text, { mode: 0o600 });

  const probes = { A: { command: at.says('a'), respawn: 'after' } };
  const host = await daemon(t, JSON.stringify({ jails: { web: { pid: pidfileOf(jail), probes } } }));
  const { runs } = await host.reaches('web/A', 'armed');
  assert.is(runs, 2);
  const history = await host.history();
  assert.equal(
    history.map((entry) => [entry.id, entry.startedAt]),
    [
      [id, AT],
      ['00000001-5', AT],
    ],
  );
  assert.is(await readFile(file, 'utf8'), text, 'nothing is written twice');

  assert.is((await hup(jail, 'A')).code, 0);
  await host.probe('web/A', (probe) => probe.runs === 3, 'has run three times');
});

run();
