/** A change that needs another process: the new one is there before the old one goes. One that does not: it stays. */
import * as assert from 'uvu/assert';
import { isAlive } from '../rig/proc.ts';
import { until } from '../rig/until.ts';
import { hup, probesOf, scene, stories } from './scene.ts';

const { tell, run } = stories('replace');

tell('another command: the same process stays, and the next trigger runs the new one', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: at.says('old'), respawn: 'after' },
    OTHER: { command: 'true' },
  }));
  const before = await s.host.reaches('web/BUTTON', 'armed');
  const { stdout } = await s.reload(({ jails }) => {
    jails['web']!.probes['BUTTON'] = {
      command: s.says('new $WORD'),
      env: { WORD: 'words' },
      respawn: 'after',
      timeout: '1m',
    };
  });
  assert.match(stdout, /~ web\/BUTTON {2}pid \d+ {2}same process, new definition/);
  assert.match(stdout, /1 unchanged, 1 changed in place/);
  assert.is((await s.host.reaches('web/BUTTON', 'armed')).pid, before.pid);
  await s.hup();
  assert.equal(await s.reach(1), ['new words']);
});

tell('another title: the old process goes only when the new one is there', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), title: 'OLD' } }));
  const before = await s.host.reaches('web/BUTTON', 'armed');
  // Somebody inside who never finds neither of them would have found a gap.
  const watch = s.jail.run(
    `n=0; gaps=0; while [ $n -lt 400 ]; do /usr/bin/pgrep -f '^(OLD|NEW)$' >/dev/null || gaps=$((gaps+1)); n=$((n+1)); done; echo $gaps`,
  );
  const { stdout } = await s.reload((file) => {
    probesOf(file)['BUTTON'] = { command: s.says('ran'), title: 'NEW' };
  });
  const after = await s.host.reaches('web/BUTTON', 'armed');
  assert.is.not(after.pid, before.pid);
  assert.match(
    stdout,
    new RegExp(`-/\\+ web/BUTTON {2}pid ${before.pid} -> ${after.pid} {2}armed new, then retired old`),
  );
  assert.is((await watch).stdout, '0\n', 'nobody inside has seen a gap');
  await until(() => !isAlive(before.pid ?? 0), 'the old process is gone');
  assert.equal(
    (await s.jail.ps()).filter((line) => ['OLD', 'NEW'].includes(line)),
    ['NEW'],
  );
  assert.equal(await s.lines(), []);
});

tell('a HUP to both of them while one replaces the other counts once', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran'), title: 'TITLE-0' } }));
  await s.host.reaches('web/BUTTON', 'armed');
  for (let round = 1; round <= 5; round++) {
    const asking = s.jail.run(
      `until /usr/bin/pkill -HUP -f '^TITLE-${round}$'; do :; done; /usr/bin/pkill -HUP -f '^TITLE-'; true`,
    );
    await s.write((file) => {
      probesOf(file)['BUTTON'] = { command: s.says('ran'), title: `TITLE-${round}` };
    });
    assert.is((await asking).code, 0);
    await s.host.reaches('web/BUTTON', 'spent');
    // The next round needs a new one.
    await s.jail.restart();
    await s.host.reaches('web/BUTTON', 'armed');
    assert.is((await s.lines()).length, round, 'one request, one run');
  }
  assert.is((await s.host.history()).length, 5);
});

tell('a probe whose command runs takes a new title over without another run', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: `${at.says('old')}; ${at.waits()}`, title: 'OLD', respawn: 'after' },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.hup('OLD');
  await s.reach(1);
  assert.is(
    (
      await s.reload((file) => {
        probesOf(file)['BUTTON'] = { command: s.says('new'), title: 'NEW', respawn: 'after' };
      })
    ).code,
    0,
  );
  assert.is((await s.host.status()).probes[0]?.state, 'running', 'a reload kills no command');
  s.open();
  const probe = await s.host.reaches('web/BUTTON', 'armed');
  assert.is(probe.title, 'NEW');
  await s.hup('NEW');
  assert.equal(await s.reach(2), ['old', 'new']);
});

tell('a probe that is removed while its command runs is shown until that ends', async (t) => {
  const s = await scene(t, (at) => ({
    BUTTON: { command: `${at.says('begin')}; ${at.waits()}; ${at.says('end')}`, respawn: 'after' },
  }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.hup();
  await s.reach(1);
  await s.reload((file) => {
    delete probesOf(file)['BUTTON'];
  });
  const [removed] = (await s.host.status()).probes;
  assert.is(removed?.state, 'running');
  assert.match(removed?.reason ?? '', /removed/);
  s.open();
  assert.equal(await s.reach(2), ['begin', 'end']);
  await until(async () => (await s.host.status()).probes.length === 0, 'it is forgotten');
  assert.is((await s.host.history())[0]?.exitCode, 0);
});

tell('spent stays spent: over a reload with and without changes, over removal and return', async (t) => {
  const s = await scene(t, (at) => ({ BUTTON: { command: at.says('ran') } }));
  await s.host.reaches('web/BUTTON', 'armed');
  await s.hup();
  await s.host.reaches('web/BUTTON', 'spent');
  await s.host.cli('reload');
  await s.reload((file) => {
    probesOf(file)['BUTTON'] = { command: s.says('other'), title: 'OTHER' };
  });
  await s.host.reaches('web/BUTTON', 'spent');
  const kept = probesOf(s.file)['BUTTON'] ?? {};
  await s.reload((file) => {
    delete probesOf(file)['BUTTON'];
  });
  await s.reload((file) => {
    probesOf(file)['BUTTON'] = kept;
  });
  await s.host.reaches('web/BUTTON', 'spent');
  // Another respawn mode is what arms it again.
  await s.reload((file) => {
    probesOf(file)['BUTTON'] = { ...kept, respawn: 'after' };
  });
  await s.host.reaches('web/BUTTON', 'armed');
  assert.is((await hup(s.jail, 'OTHER')).code, 0);
  assert.equal(await s.reach(2), ['ran', 'other']);
});

run();
