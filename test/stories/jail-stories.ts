import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kind } from '../rig/jail.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { hup, scene } from './scene.ts';

/** What every kind of jail must let happen, told with one jail, one daemon and one probe each. */
export function tellStoriesOf(kind: Kind): void {
  const stories = suite(kind.name);
  const unless = kind.available();
  const tell = (name: string, how: (t: Teller) => Promise<void>, applies = true): void => {
    if (applies) story(stories, `${kind.name}: ${name}`, { seconds: 60, unless }, how);
  };

  tell('a declared probe is armed, and ps inside shows its title and nothing else', async (t) => {
    const { host, jail, title } = await scene(t, kind);
    const armed = await host.reaches('web/BUTTON', 'armed');
    assert.is(armed.title, title);
    assert.is(armed.jail, 'web');
    assert.is(armed.uid, 0);
    if (kind.ends) assert.is(armed.jailPid, jail.pid);
    assert.ok((await jail.ps()).includes(title), 'ps inside shows the title');
    assert.is(await readFile(`/proc/${armed.pid}/cmdline`, 'latin1'), `${title}\0`);
    assert.is((await host.cli('status')).code, 0);
  });

  tell('root inside triggers it, and the command runs once, on the host', async (t) => {
    const { host, jail, title, effects } = await scene(t, kind);
    await host.reaches('web/BUTTON', 'armed');
    assert.is((await hup(jail, title)).code, 0, 'pkill found it and was allowed to');
    const spent = await host.reaches('web/BUTTON', 'spent');
    const [entry, ...more] = await host.history();
    assert.equal(more, []);
    assert.is(entry?.by, 'jail');
    assert.is(entry?.probe, 'web/BUTTON');
    assert.is(entry?.exitCode, 3);
    assert.is(spent.last?.id, entry?.id);
    // One line, written by a process of the host, with the facts.
    assert.equal(await effects(), [`begin web ${title} ${entry?.id}`, 'end']);
    // Who writes the output down is not waited for when the command ends.
    const output = async (): Promise<string> => (await host.cli('output', entry?.id ?? '')).stdout;
    await until(async () => (await output()) === 'said on the host\n', 'its output is there', {
      last: output,
    });
    assert.is((await hup(jail, title)).code, 1, 'never: it is away');
  });

  tell(
    'a user inside triggers the probe that is his, and no other user does',
    async (t) => {
      const { host, jail, title, effects } = await scene(t, kind, 'uid: 80');
      const armed = await host.reaches('web/BUTTON', 'armed');
      const refused = await hup(jail, title, 81);
      assert.is(refused.code, 1, 'pkill reached nobody');
      assert.match(refused.stderr, /not permitted/);
      assert.is((await host.reaches('web/BUTTON', 'armed')).pid, armed.pid, 'the same process sits there');
      assert.equal(await effects(), []);

      assert.is((await hup(jail, title, 80)).code, 0);
      await host.reaches('web/BUTTON', 'spent');
      assert.is((await effects()).length, 2);
    },
    kind.users,
  );

  tell(
    'a user inside does not trigger the probe of root',
    async (t) => {
      const { host, jail, title, effects } = await scene(t, kind);
      const armed = await host.reaches('web/BUTTON', 'armed');
      const refused = await hup(jail, title, 80);
      assert.is(refused.code, 1);
      assert.match(refused.stderr, /not permitted/);
      assert.is((await host.reaches('web/BUTTON', 'armed')).pid, armed.pid);
      assert.equal(await effects(), []);
    },
    kind.users,
  );

  tell(
    'a uid that its user namespace does not have is a failure that says so',
    async (t) => {
      const { host } = await scene(t, kind, 'uid: 80');
      const failed = await host.reaches('web/BUTTON', 'failed');
      const said = /set[ug]id failed: E[A-Z]+/;
      assert.match(failed.reason ?? '', said);
      // As a reload says it, which has just tried again.
      await host.edit((await readFile(host.config, 'utf8')).replace('uid: 80', 'uid: 81'));
      const reload = await host.cli('reload');
      assert.is(reload.code, 1);
      assert.match(reload.stdout, new RegExp(`NOT ARMED {2}${said.source}`));
      assert.is((await host.cli('status')).code, 3);
    },
    !kind.users,
  );

  tell('respawn after: away while the command runs, back when it has ended', async (t) => {
    const { host, jail, title, effects, open } = await scene(t, kind, 'respawn: after', { closed: true });
    const first = await host.reaches('web/BUTTON', 'armed');
    assert.is((await hup(jail, title)).code, 0);
    await host.reaches('web/BUTTON', 'running');
    assert.is((await hup(jail, title)).code, 1, 'it is away');
    await open();
    const second = await host.probe(
      'web/BUTTON',
      (probe) => probe.state === 'armed' && probe.runs === 1,
      'is back',
    );
    assert.is.not(second.pid, first.pid);
    assert.is((await hup(jail, title)).code, 0);
    await host.probe('web/BUTTON', (probe) => probe.state === 'armed' && probe.runs === 2, 'has run twice');
    assert.equal(
      (await effects()).map((line) => line.split(' ')[0]),
      ['begin', 'end', 'begin', 'end'],
    );
  });

  tell('respawn immediately: back at once, and two commands at a time', async (t) => {
    const { host, jail, title, effects, open } = await scene(t, kind, 'respawn: immediately', {
      closed: true,
    });
    const first = await host.reaches('web/BUTTON', 'armed');
    assert.is((await hup(jail, title)).code, 0);
    const again = await host.probe(
      'web/BUTTON',
      (probe) => probe.state === 'armed' && probe.pid !== first.pid,
      'is back',
    );
    assert.is((await hup(jail, title)).code, 0);
    await host.probe(
      'web/BUTTON',
      (probe) => probe.state === 'armed' && probe.pid !== again.pid,
      'is back again',
    );
    await until(async () => (await effects()).length === 2, 'both commands have begun');
    await open();
    await until(async () => (await effects()).length === 4, 'both commands have ended');
    assert.equal(
      (await effects()).map((line) => line.split(' ')[0]),
      ['begin', 'begin', 'end', 'end'],
    );
  });

  tell('it stops, and its probe waits; it starts again, and the probe is armed, spent or not', async (t) => {
    // Where its end is seen, and its pidfile, nobody has to look again.
    const rescan = kind.ends ? '1h' : '200ms';
    const { host, jail, title, effects } = await scene(t, kind, 'respawn: never', { rescan });
    const first = await host.reaches('web/BUTTON', 'armed');
    const stopAndWait = async (): Promise<void> => {
      await jail.stop();
      const waiting = await host.reaches('web/BUTTON', 'waiting');
      assert.is(waiting.pid, undefined);
    };
    await stopAndWait();
    await until(() => !existsSync(`/proc/${first.pid}/exe`), 'its process is gone');
    assert.is((await host.cli('status')).code, 0, 'a jail that does not run is no failure');

    await jail.restart();
    const second = await host.reaches('web/BUTTON', 'armed');
    assert.is.not(second.instance, first.instance);
    assert.is((await hup(jail, title)).code, 0);
    await host.reaches('web/BUTTON', 'spent');

    // This time there is no probe whose death could tell.
    await stopAndWait();
    await jail.restart();
    const third = await host.reaches('web/BUTTON', 'armed');
    assert.is.not(third.instance, second.instance);
    assert.is((await hup(jail, title)).code, 0);
    await host.reaches('web/BUTTON', 'spent');
    assert.is((await effects()).length, 4, 'nothing ran but what was asked for');
  });

  stories.run();
}
