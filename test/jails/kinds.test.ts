import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { look, lookPid } from '../../src/jails/look.ts';
import type { Jail, Sighting } from '../../src/jails/jail.ts';
import type { Whereabouts } from '../../src/config/config.ts';
import { KINDS } from '../rig/kinds.ts';
import { startOf } from '../rig/proc.ts';
import { story } from '../rig/story.ts';

const kinds = suite('every kind of jail is seen');

for (const kind of KINDS) {
  story(kinds, kind.name, { seconds: 60, unless: kind.available() }, async (t) => {
    const jail = await kind.start(t, 'web');
    const [key, path] = jail.where.split(': ') as ['pid' | 'chroot', string];
    const where: Whereabouts = { by: key === 'pid' ? 'pidfile' : key, path };

    // In a plain chroot it shows the whole host.
    const shown = kind.ends ? 'sleep 3600' : process.title;
    assert.ok(
      (await jail.ps()).some((line) => line.includes(shown)),
      'ps works inside',
    );
    assert.is((await jail.run('id -u')).stdout, '0\n');
    if (kind.users) assert.is((await jail.run('id -u', { uid: 80 })).stdout, '80\n');

    const first = seen(await look('web', where));
    assert.is(first.kind, key);
    if (kind.ends) {
      assert.is(first.pid, jail.pid);
      assert.is(first.jid, jail.pid);
      assert.match(first.instance, new RegExp(`^[0-9a-f]{8}:${jail.pid}:${startOf(jail.pid)}$`));
      assert.match(first.pidNamespace ?? '', /^pid:\[\d+\]$/);
      assert.is(first.path, undefined);
      assert.is(seen(lookPid(jail.pid)).instance, first.instance);
      assert.is(seen(lookPid(jail.pid)).name, String(jail.pid));
    } else {
      assert.is(first.path, path);
    }

    await jail.stop();
    const stopped = await look('web', where);
    assert.ok('absent' in stopped, JSON.stringify(stopped));

    await jail.restart();
    const second = seen(await look('web', where));
    assert.is.not(second.instance, first.instance);
  });
}

kinds.run();

function seen(sighting: Sighting): Jail {
  if ('jail' in sighting) return sighting.jail;
  throw new Error(`not seen: ${JSON.stringify(sighting)}`);
}
