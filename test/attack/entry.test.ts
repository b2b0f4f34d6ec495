// limit: 150 s
/** The moments in which a probe enters its jail, raced by a watcher and by a tracer who are inside already. */
import { attacks, hold, isFull } from './attack.ts';
import { outcomes, type Findings } from './attacker.ts';
import { INSIDERS, siege, unless, type Siege } from './siege.ts';

const { attack, run } = attacks('entering');

const [ENTRIES, SECONDS] = isFull ? [10_000, 900] : [1000, 12];
const AMBUSHES = isFull ? 2000 : 150;

/** Each HUP brings the next one at once, as often as it is wanted. */
const probes = () => ({ ENTRY: { command: ['/bin/true'], respawn: 'immediately', concurrency: 100 } });
const settings = { brake: { triggers: 0 } };

for (const { who, kind, own } of INSIDERS) {
  const options = { who, unless: unless(kind), seconds: SECONDS + 60 };

  attack('see what it should not hold, before it is locked up', options, async (t) => {
    const s = await siege(t, kind, probes, settings);
    await s.inside('ENTRY');
    const found = await s.attack('watch', 'ENTRY', ENTRIES, SECONDS);
    const [seen, early] = [Number(outcomes(found, 'seen')), Number(outcomes(found, 'early'))];
    hold(
      seen > 50 && early > 5,
      `only ${seen} entries were seen, ${early} of them early: that shows nothing`,
    );
    for (const name of [...found.keys()].filter((name) => name.startsWith('Cap')))
      hold(outcomes(found, name) === '0000000000000000', `${name} ${outcomes(found, name)}`);
    hold(outcomes(found, 'NoNewPrivs:') === '1', 'it could gain privileges');
    const open = [...found.keys()].filter((name) => name.startsWith('fd '));
    // Their numbers can be listed while they are there; what they are, a user namespace does not let be seen.
    hold(open.join() === 'fd 7,fd 4' || open.join() === 'fd 4,fd 7', `it had ${open.join(', ')}`);
    for (const name of open) only(found, name, own ? 'EACCES' : 'pipe:');
    only(found, 'exe', own ? 'EACCES' : '/memfd:jaildaemon-probe (deleted)');
    for (const name of ['root', 'cwd']) only(found, name, own ? 'EACCES' : '/');
    return `${early} of ${seen} seen before the lock: no capability, two pipes, nothing of the host`;
  });

  attack('seize it before it is locked up, and use it', options, async (t) => {
    const s = await siege(t, kind, probes, settings);
    await s.inside('ENTRY');
    const found = await s.attack('ambush', 'ENTRY', AMBUSHES, SECONDS);
    const [seen, caught] = [Number(outcomes(found, 'seen')), Number(outcomes(found, 'caught'))];
    if (own) {
      hold(caught === 0, `${caught} of ${seen} were seized`);
      await allIsWell(s);
      return `EPERM for each of ${seen}`;
    }
    hold(caught > 5, `only ${caught} of ${seen} were seized in time: that shows nothing`);
    for (const name of ['setuid', 'chroot', 'mount', 'sethostname', 'namespace'])
      hold(!(found.get(name) ?? ['ok']).includes('ok'), `${name}: ok`);
    hold(
      [...new Set(found.get('descriptor'))].every((number) => number === '4' || number === '7'),
      `it held the descriptors ${outcomes(found, 'descriptor')}`,
    );
    await allIsWell(s);
    return `${caught} of ${seen} seized in time: no capability (EPERM), no descriptor but two pipes`;
  });
}

run();

function only(found: Findings, name: string, expected: string): void {
  hold(outcomes(found, name) === expected, `${name}: ${outcomes(found, name)}`);
}

/** Nobody else noticed, and the jail itself goes on. */
async function allIsWell(s: Siege): Promise<void> {
  await s.neighbourIsServed();
  await s.host.reaches('web/ENTRY', 'armed', 20);
}
