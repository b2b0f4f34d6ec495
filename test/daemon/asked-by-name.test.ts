/** What is asked for by a word on the command line: the probe that is meant, and no other. */
import * as assert from 'uvu/assert';
import { probesOf, restless, scene, stories } from './scene.ts';

const { tell, run } = stories('asked by name');

tell('trigger: a title is the probe that has it, though another one has that word as its key', async (t) => {
  const s = await scene(t, (at) => ({
    NIGHTLY: { title: 'WEEKLY', command: at.says('the one that is titled WEEKLY') },
    WEEKLY: { title: 'MONTHLY', command: at.says('the one that is titled MONTHLY') },
    DAILY: { title: 'NIGHTLY', command: at.says('the one that is titled NIGHTLY') },
  }));
  for (const [word, titled] of [
    ['NIGHTLY', 'NIGHTLY'],
    ['WEEKLY', 'WEEKLY'],
    ['DAILY', undefined],
    ['web/WEEKLY', 'MONTHLY'],
  ] as const) {
    const { code, stdout, stderr } = await s.host.cli('trigger', 'web', word, '--wait');
    if (titled === undefined) {
      assert.is(code, 1, `${word}: its probe is spent by now: ${stdout}`);
      continue;
    }
    assert.is(code, 0, stderr);
    assert.is((await s.lines()).at(-1), `the one that is titled ${titled}`, word);
  }
});

tell('history JAIL: the triggers of its ad hoc probes too, as status JAIL has them', async (t) => {
  const s = await scene(t, () => ({ BUTTON: { command: 'true', respawn: 'after' } }));
  const adhoc = (await s.host.cli('-c', 'true', '-j', 'web', '-r', '-t', 'ADHOC')).stdout.trim();
  for (const title of ['BUTTON', 'ADHOC']) {
    const { code, stderr } = await s.host.cli('trigger', 'web', title, '--wait');
    assert.is(code, 0, stderr);
  }
  const probes = async (glob: string): Promise<string[]> => {
    const { stdout } = await s.host.cli('history', glob, '--json');
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { probe: string }).probe);
  };
  assert.equal(await probes('web'), ['web/BUTTON', adhoc]);
  assert.equal(await probes('web/ADHOC'), [adhoc]);
  assert.equal(await probes(adhoc), [adhoc]);
  assert.equal(await probes('web/BUTTON'), ['web/BUTTON']);
  assert.equal(await probes('adhoc'), [adhoc], 'and all of them by the word that their ids begin with');
  assert.equal(await probes('other'), []);
});

tell('plan: a title that the file takes from an ad hoc probe, as the reload then does it', async (t) => {
  const s = await scene(t, () => ({}));
  const adhoc = (await s.host.cli('-c', 'true', '-j', 'web', '-r', '-t', 'ADHOC')).stdout.trim();
  probesOf(s.file)['DECLARED'] = { title: 'ADHOC', command: 'true' };
  await restless(s.host.config, JSON.stringify(s.file), async () => {
    const ask = async (verb: string): Promise<string[]> => {
      const { changes } = await s.host.json<{ changes: { action: string; id: string }[] }>(verb);
      return changes.map(({ action, id }) => `${action} ${id}`).toSorted();
    };
    const planned = await ask('plan');
    assert.equal(await ask('reload'), planned);
    assert.equal(planned, ['arm web/DECLARED', `disarm ${adhoc}`]);
  });
  await s.host.reaches('web/DECLARED', 'armed');
});

run();
