/** A daemon that is told to end does so, whatever happens to its keeper at that moment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveSettings } from '../../src/config/resolve.ts';
import { createEnding, type EndingParts } from '../../src/daemon/ending.ts';
import { createLooker } from '../../src/daemon/looker.ts';
import { watchStopped, type Watched } from '../../src/daemon/keepers/stopped.ts';
import type { Event } from '../../src/event.ts';
import { seeProcess } from '../../src/keeper/process.ts';
import { NOTHING_OBSERVED } from '../../src/plan/observed.ts';
import { isAlive, missing } from '../rig/proc.ts';
import { story } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const suite = createSuite('ending');

story(
  suite,
  'ending: a keeper that is stopped, and killed in the moment in which it is let go on, holds up nobody',
  { unless: missing('sh') },
  async (t) => {
    // Its parent takes note of its end at once, as init does of a keeper's.
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
    t.defer('end them', () => parent.kill('SIGKILL'));
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(said.toString());
    process.kill(pid, 'SIGSTOP');
    await until(async () => (await seeProcess(pid))?.stopped, 'it is stopped');

    const told: Event[] = [];
    const keeper: Watched = { epoch: '0123abcd', pid };
    const killIt = (event: Event): void => {
      told.push(event);
      if (event.type !== 'daemon') return;
      process.kill(pid, 'SIGKILL');
      for (const pause = new Int32Array(new SharedArrayBuffer(4)); isThere(pid);)
        Atomics.wait(pause, 0, 0, 5);
    };
    await watchStopped(new Map([[keeper.epoch, keeper]]), killIt, () => 1_000).goOn();
    assert.equal(
      told.map(({ type }) => type),
      ['keeper-stopped', 'daemon'],
    );
  },
);

story(
  suite,
  'ending: what cannot be done in order ends the daemon all the same, and says so',
  {},
  async () => {
    const said: string[] = [];
    const codes: number[] = [];
    const ending = createEnding({
      loop: { observed: NOTHING_OBSERVED, unrecorded: undefined } as EndingParts['loop'],
      keepers: {
        quit: () => Promise.reject(new Error('no descriptor left')),
      } as unknown as EndingParts['keepers'],
      orphans: { finish: () => Promise.resolve() } as unknown as EndingParts['orphans'],
      settings: () => resolveSettings({}),
      say: (level, what, why) => void said.push([level, what, why].join(' ')),
      deafen: () => Promise.resolve(),
      supervised: false,
      close: (code) => void codes.push(code),
    });
    const fault = await ending.stop().catch((error: Error) => error.message);
    assert.is(fault, 'no descriptor left');
    assert.equal(codes, [1]);
    assert.equal(said, [
      'info stopping: every probe is taken away ',
      'error the daemon cannot end in order; the next one finds what it leaves no descriptor left',
    ]);
  },
);

story(
  suite,
  'ending: from then on no pidfile is watched, though what is wanted is said again',
  {},
  async (t) => {
    const looker = createLooker(() => {});
    t.defer('stop it', () => looker.stop());
    const jails = new Map([['web', { by: 'pidfile', path: join(t.dir, 'web.pid') } as const]]);
    const before = watches();
    looker.follow(jails, 60_000);
    assert.is(watches(), before + 1);
    looker.stop();
    looker.follow(jails, 60_000);
    assert.is(watches(), before);
  },
);

suite.run();

/** How many directories this process watches, as inotify(7) tells. */
function watches(): number {
  // The listing's own descriptor is gone again by the time it is looked at.
  const open = readdirSync('/proc/self/fd').filter((fd) => existsSync(`/proc/self/fdinfo/${fd}`));
  const texts = open.map((fd) => readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  return texts.reduce((sum, text) => sum + (text.match(/^inotify /gm)?.length ?? 0), 0);
}

/** Not even as a zombie. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return isAlive(pid);
  }
}
