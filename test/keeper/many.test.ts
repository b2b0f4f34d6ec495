// limit: 180 s
import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unshared } from '../rig/kinds/unshare.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { byPid, definition, isGone, keeper, kill } from './rig.ts';

const test = suite('keeper: many probes');
const PROBES = 2000;
const SAMPLE = 100;

/** KiB of memory that are this process's own share. */
async function share(pid: number | string): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]);
}

/** How often it has been woken up. */
async function wakeUps(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
}

story(
  test,
  `${PROBES} probes: time, memory, sleep, and the end`,
  { unless: unshared.available(), seconds: 150 },
  async (t) => {
    const jails = await Promise.all(['one', 'two', 'three'].map((name) => unshared.start(t, name)));
    const { client, pid, kill: killKeeper } = await keeper(t);
    const before = await share(pid);
    const begin = performance.now();
    for (let i = 0; i < PROBES; i++) {
      const jail = jails[i % jails.length];
      client.send('arm', definition(`jail/${i}`, t.unique(`PROBE-${i}`), byPid(jail?.pid ?? 0)));
    }
    await until(() => client.events('armed').length === PROBES, 'all are armed', { seconds: 100 });
    const took = performance.now() - begin;
    const armed = client.events('armed');

    // Each further probe: its process, and what the keeper grew by.
    let processes = 0;
    for (let i = 0; i < SAMPLE; i++) processes += await share(String(armed[i * (PROBES / SAMPLE)]?.['pid']));
    const each = processes / SAMPLE + ((await share(pid)) - before) / PROBES;
    process.stdout.write(
      `  ${(took / PROBES).toFixed(3)} ms to arm one; ${each.toFixed(1)} KiB each, keeper included\n`,
    );
    assert.ok(each <= 10, 'at most 10 KiB for each further probe');

    assert.is((await client.list()).size, PROBES);
    const woken = await wakeUps(pid);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.is(await wakeUps(pid), woken, 'an idle keeper does not wake up');

    kill(String(armed[PROBES / 2]?.['pid']), 'SIGHUP');
    await client.next('finished', armed[PROBES / 2]?.['key']);
    await killKeeper();
    await until(
      () => armed.every((probe) => isGone(String(probe['pid']))),
      'all probes are gone with the keeper',
      {
        seconds: 20,
      },
    );
  },
);

test.run();
