// AppArmor, as managers of containers use it: who is confined may signal only what has the same label.
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite as createSuite } from 'uvu';
import * as assert from 'uvu/assert';
import { execute } from '../rig/execute.ts';
import { PROGRAM } from '../rig/daemon.ts';
import { confine, confined } from '../rig/kinds/unshare.ts';
import { missing } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';
import { scene } from './scene.ts';

const suite = createSuite('security labels');
const unless = confined('any').available();

const ALL = ['network', 'capability', 'file'];

/** A profile such as container engines write for all of their containers. */
async function load(
  t: Teller,
  profile: string,
  rules: readonly string[] = ALL,
  fromHost = 'signal (receive) peer=unconfined',
): Promise<void> {
  const own = `peer="${profile}"`;
  const file = join(t.dir, 'profile');
  const all = [...rules, `signal (send, receive) ${own}`, fromHost, `ptrace ${own}`];
  const lines = all.map((rule) => `  ${rule},\n`);
  await writeFile(file, `profile "${profile}" flags=(attach_disconnected) {\n${lines.join('')}}\n`);
  const loaded = await execute('apparmor_parser', ['-r', '-K', file]);
  assert.is(loaded.code, 0, loaded.stderr);
  t.defer(`unload ${profile}`, () => execute('apparmor_parser', ['-R', file]));
}

/** It may have been tried again. */
const withoutTimes = (reason: string | undefined): string | undefined => reason?.replace(/ \(.*/, '');

const labelOf = async (pid: number | undefined): Promise<string> =>
  (await readFile(`/proc/${pid}/attr/apparmor/current`, 'utf8')).trim();

story(
  suite,
  'a confined container may press its button, and the probe is as confined as it',
  { unless, seconds: 120 },
  async (t) => {
    const profile = t.unique('jd-container');
    await load(t, profile);
    const { host, jail, title, effects } = await scene(t, confined(profile));
    const { pid } = await host.reaches('web/BUTTON', 'armed');
    assert.is(await labelOf(jail.pid), `${profile} (enforce)`);
    assert.is(await labelOf(pid), `${profile} (enforce)`);
    const asked = await jail.run(`${confine(profile)} && exec pkill -HUP -f '^${title}$'`);
    assert.is(asked.code, 0, asked.stderr);
    await until(async () => (await effects()).length === 2, 'the command has run');
    assert.is((await host.reaches('web/BUTTON', 'spent')).runs, 1);
  },
);

story(
  suite,
  'a profile that gives leave to nothing does not keep the probe from entering',
  { unless, seconds: 120 },
  async (t) => {
    const profile = t.unique('jd-narrow');
    await load(t, profile, ['file']);
    const { host } = await scene(t, confined(profile));
    const { pid } = await host.reaches('web/BUTTON', 'armed');
    assert.is(await labelOf(pid), `${profile} (enforce)`);
    assert.is((await host.cli('stop')).code, 0);
  },
);

story(
  suite,
  'a daemon that may not give away its own label: failed, by name, and nothing is armed',
  { unless: unless ?? missing('aa-exec'), seconds: 120 },
  async (t) => {
    const [profile, own] = [t.unique('jd-container'), t.unique('jd-daemon')];
    await load(t, profile, [...ALL, 'ptrace', 'signal']);
    await load(t, own, [...ALL, 'mount', 'unix', 'ptrace', 'signal']);
    const { host } = await scene(t, confined(profile));
    assert.is((await host.cli('stop')).code, 0);
    const paths = ['--config', host.config, '--state', host.state, '-f', host.socket];
    const again = await execute('aa-exec', ['-p', own, '--', process.execPath, PROGRAM, '-D', ...paths]);
    assert.is(again.code, 0, again.stderr);
    const { reason, pid } = await host.reaches('web/BUTTON', 'failed');
    assert.is(withoutTimes(reason), 'label failed: EACCES');
    assert.is(pid, undefined);
  },
);

/** Enough for the jail to be stopped. */
const TERM_ALONE = 'signal (receive) set=(term) peer=unconfined';

story(
  suite,
  'a profile by which nobody may end the probe: failed, by name, and no button stays in the jail',
  { unless, seconds: 120 },
  async (t) => {
    const profile = t.unique('jd-shield');
    await load(t, profile, ALL, TERM_ALONE);
    const { host, jail, title } = await scene(t, confined(profile));
    const { reason } = await host.reaches('web/BUTTON', 'failed');
    assert.is(withoutTimes(reason), 'label failed: EACCES');
    await until(async () => !(await jail.ps()).includes(title), 'it is gone');
  },
);

story(
  suite,
  'a profile that is changed so while the probe is armed: it can be taken away all the same',
  { unless, seconds: 120 },
  async (t) => {
    const profile = t.unique('jd-turncoat');
    await load(t, profile);
    const { host, jail, title } = await scene(t, confined(profile));
    await host.reaches('web/BUTTON', 'armed');
    await load(t, profile, ALL, TERM_ALONE);
    await host.edit(`jails: { web: { ${jail.where}, probes: {} } }\n`);
    await until(async () => !(await jail.ps()).includes(title), 'it is gone');
    assert.equal((await host.status()).probes, []);
  },
);

story(
  suite,
  'a policy namespace, in which the jail may write profiles, is left out of the probe’s label',
  { unless, seconds: 120 },
  async (t) => {
    const [profile, space] = [t.unique('jd-nested'), t.unique('jdns')];
    await load(t, profile, [...ALL, 'signal']);
    const folder = join('/sys/kernel/security/apparmor/policy/namespaces', space);
    await mkdir(folder);
    t.defer(`remove ${folder}`, () => rmdir(folder));
    const { host, jail } = await scene(t, confined(`${profile}//&:${space}:unconfined`));
    const { pid } = await host.reaches('web/BUTTON', 'armed');
    assert.match(await labelOf(jail.pid), `:${space}:unconfined`);
    assert.is(await labelOf(pid), `${profile} (enforce)`);
  },
);

suite.run();
