/** Requests that come in the same moment. */
import * as assert from 'uvu/assert';
import { ask } from '../../src/control/client.ts';
import { Complaint, EXIT } from '../../src/control/protocol.ts';
import { until } from '../rig/until.ts';
import { scene, stories } from './scene.ts';

const { tell, run } = stories('at once');

tell('many ask for a probe with the same title: one gets it, and the others are told who', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true' } }));
  const request = { verb: 'attach', command: 'true', jail: 'web', title: 'MINE', respawn: 'after' };
  const answers = await Promise.allSettled(
    Array.from({ length: 8 }, () => ask<{ id: string }>(s.host.socket, request)),
  );
  const got = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
  assert.is(got.length, 1, JSON.stringify(got));
  for (const one of answers) if (one.status === 'rejected') assert.match(String(one.reason), `${got[0]}`);
  assert.is((await s.jail.ps()).filter((line) => line === 'MINE').length, 1);
  assert.is((await s.host.status()).probes.length, 2, 'nothing else is kept');
});

tell('an upgrade is asked for while the daemon stops: it stops', async (t) => {
  const s = await scene(t, (at) => ({ LONG: { command: `${at.says('begin')}; ${at.waits()}` } }), {
    settings: { grace: '20s' },
  });
  await s.host.reaches('web/LONG', 'armed');
  assert.is((await s.hup('LONG')).code, 0);
  await s.reach(1);
  const stopping = s.host.cli('stop');
  await until(async () => (await s.host.log()).includes('stopping'), 'it stops');
  const refused = await ask(s.host.socket, { verb: 'upgrade' }).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(refused instanceof Complaint);
  assert.is(refused.code, EXIT.busy);
  s.open();
  assert.is((await stopping).code, 0);
  assert.not.ok((await s.jail.ps()).includes('LONG'));
});

run();
