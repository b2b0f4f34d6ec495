// limit: 150 s
/** The moments in which a probe enters its jail, raced by a watcher and by a tracer who are inside already. */
import { attacks, hold, isFull } from './attack.ts';
import { outcomes, type Findings } from './attacker.ts';
import { INSIDERS, siege, unless, type Siege } from './siege.ts';

const { attack, run } = attacks('entering');

const [ENTRIES, SECONDS] = isFull ? [10_000, 900] : [600, 10];
const AMBUSHES = isFull ? 2000 : 100;

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
    const found = await s.attack('ambush', 'ENTRY', AMBUSHES, Math.min(SECONDS, 60));
    const [seen, caught, refused] = ['seen', 'caught', 'refused'].map((name) =>
      Number(outcomes(found, name)),
    );
    const over = found.get('written over') ?? [];
    hold(!over.includes('it obeys'), 'one did what was written over its program');
    hold(caught === 0, `${caught} of ${seen} were seized, and could ${[...found.keys()].join(', ')}`);
    hold(Number(refused) > 0, `only ${refused} of ${seen} were met in time: that shows nothing`);
    await allIsWell(s);
    if (own) return `EPERM for each of ${seen}`;
    hold(over.length > 0, 'none was written over: that shows nothing');
    return `${refused} of ${seen} met in time: EPERM, its guard is there; ${over.length} written over, and killed by it`;
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
