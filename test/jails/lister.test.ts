/** The system's programs are stood in for by scripts of the same name: what they print is FreeBSD's and DragonFly's. */
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lstatSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLooker } from '../../src/daemon/looker.ts';
import type { Event } from '../../src/event.ts';
import type { Jail, Sighting } from '../../src/jails/jail.ts';
import { createLister, type Programs } from '../../src/jails/lister.ts';
import { findListed, type Listing } from '../../src/jails/listing.ts';
import { runProgram } from '../../src/jails/run.ts';
import { readMessage } from '../../src/keeper/read-message.ts';
import type { Platform } from '../../src/platform.ts';
import { isAlive, withArgument } from '../rig/proc.ts';
import { story, type Teller } from '../rig/story.ts';
import { until } from '../rig/until.ts';

const lists = suite('asking the system for its jails');
const BOOT = '0123abcd';

/** A host whose jls, ps and sysctl print what the story says. */
interface FakeHost {
  readonly programs: Programs;
  readonly dir: string;
  /** A jail's directory, made. */
  root(name: string): Promise<string>;
  prints(what: 'jls' | 'persist' | 'ps' | 'jail.list', text: string): Promise<void>;
  /** Puts another script in a program's place. */
  script(name: keyof Programs, text: string): Promise<void>;
}

async function host(t: Teller): Promise<FakeHost> {
  const dir = t.dir;
  const prints = (what: string, text: string): Promise<void> => replace(join(dir, `${what}.txt`), text);
  const script = async (name: string, text: string): Promise<void> => {
    await replace(join(dir, `${name}.new`), `#!/bin/sh\n${text}\n`);
    await chmod(join(dir, `${name}.new`), 0o755);
    await rename(join(dir, `${name}.new`), join(dir, name));
  };
  await script(
    'jls',
    `echo "$*" >> ${dir}/asked\ncase "$*" in\n*persist) cat ${dir}/persist.txt ;;\n*) cat ${dir}/jls.txt ;;\nesac`,
  );
  await script('ps', `echo "$*" >> ${dir}/ps.asked\ncat ${dir}/ps.txt`);
  await script(
    'sysctl',
    `case "$*" in\n*boot_id) printf '\\001\\043\\253\\315901234567890' | head -c 16 ;;\n*boottime) echo '{ sec = 1700000000, usec = 1 } Tue Nov 14 22:13:20 2023' ;;\n*) cat ${dir}/jail.list.txt ;;\nesac`,
  );
  for (const what of ['jls', 'persist']) await prints(what, freebsd());
  for (const what of ['ps', 'jail.list']) await prints(what, '');
  return {
    dir,
    programs: { jls: join(dir, 'jls'), ps: join(dir, 'ps'), sysctl: join(dir, 'sysctl') },
    async root(name) {
      await mkdir(join(dir, name), { recursive: true });
      return join(dir, name);
    },
    prints,
    script,
  };
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}~`, text);
  await rename(`${path}~`, path);
}

async function listOf(platform: Platform, { programs }: FakeHost): Promise<Listing> {
  const lister = createLister(platform, programs);
  if (!lister) throw new Error('Linux has no list of jails');
  return lister.list();
}

interface Said {
  readonly jid: number;
  readonly name: string;
  readonly path: string;
  readonly cpuset?: number;
}

function freebsd(...jails: readonly Said[]): string {
  const rows = jails.map(
    ({ jid, name, path, cpuset = jid }) =>
      `{"jid":${jid},"hostname":"${name}.example.org","path":"${path}","name":"${name}","state":"ACTIVE","cpusetid":${cpuset}, "ipv4_addrs": [], "ipv6_addrs": []}`,
  );
  return `{"__version": "2", "jail-information": {"jail": [${rows.join(', ')}]}\n}\n`;
}

const persist = (...jids: readonly (readonly [number, boolean])[]): string =>
  `{"__version": "2", "jail-information": {"jail": [${jids.map(([jid, stays]) => `{"jid":"${jid}","persist":"${stays}"}`).join(', ')}]}\n}\n`;

function jailOf(sighting: Sighting | undefined): Jail {
  if (sighting && 'jail' in sighting) return sighting.jail;
  throw new Error(`not seen: ${JSON.stringify(sighting)}`);
}

story(lists, 'FreeBSD: a jail with all that is to be known of it', {}, async (t) => {
  const h = await host(t);
  const path = await h.root('www');
  await h.prints('jls', freebsd({ jid: 7, name: 'www', path, cpuset: 3 }));
  await h.prints('persist', persist([7, true]));
  const { dev, ino } = lstatSync(path, { bigint: true });
  const listing = await listOf('FreeBSD', h);
  assert.equal(listing.byName.get('www'), {
    name: 'www',
    jail: {
      name: 'www',
      kind: 'jail',
      instance: `${BOOT}:7:3`,
      jid: 7,
      path,
      hostname: 'www.example.org',
      entrance: { by: 'jail', jid: 7, dev: String(dev), ino: String(ino), name: 'www' },
    },
  });
  for (const word of ['www', '7', path]) assert.is(jailOf(findListed(listing, word)).name, 'www', word);
  for (const word of ['8', 'ww', '/nowhere']) assert.ok('absent' in findListed(listing, word), word);
});

story(lists, 'FreeBSD: one that ends with its last process, and who lives in it', {}, async (t) => {
  const h = await host(t);
  const path = await h.root('jail');
  await h.prints('jls', freebsd({ jid: 1, name: 'stays', path }, { jid: 2, name: 'ends', path: '/' }));
  await h.prints('persist', persist([1, true], [2, false]));
  await h.prints('ps', '    0     1 ILs\n    1   900 IJ\n    2   901 IJ\n    2   902 SJ\n');
  const listing = await listOf('FreeBSD', h);
  assert.is(jailOf(listing.byName.get('stays')).residents, undefined);
  const ends = jailOf(listing.byName.get('ends'));
  assert.equal(ends.residents, [901, 902]);
  assert.is(ends.path, undefined, 'a root of / is no path to hand to a script');
  // Anything after a `=` would be a heading.
  assert.is(await readFile(join(h.dir, 'ps.asked'), 'utf8'), '-ax -o jid= -o pid= -o state=\n');
});

story(lists, 'FreeBSD without an id of the boot: the second in which it was booted', {}, async (t) => {
  const h = await host(t);
  const path = await h.root('www');
  await h.prints('jls', freebsd({ jid: 7, name: 'www', path, cpuset: 3 }));
  await h.prints('persist', persist([7, true]));
  await h.script(
    'sysctl',
    `case "$*" in\n*boot_id) echo "sysctl: unknown oid 'kern.boot_id'" >&2; exit 1 ;;\n*) echo '{ sec = 1700000000, usec = 1 } Tue Nov 14 22:13:20 2023' ;;\nesac`,
  );
  assert.is(jailOf((await listOf('FreeBSD', h)).byName.get('www')).instance, '1700000000:7:3');
});

story(lists, 'a root that is not there, or reached through a link', {}, async (t) => {
  const h = await host(t);
  const path = await h.root('real');
  await symlink(path, join(h.dir, 'link'));
  const list = freebsd(
    { jid: 1, name: 'a', path: '/nowhere/x' },
    { jid: 2, name: 'b', path: `${h.dir}/link` },
  );
  await h.prints('jls', list);
  await h.prints('persist', persist([1, true], [2, true]));
  const listing = await listOf('FreeBSD', h);
  assert.equal(listing.byName.get('a'), { name: 'a', refused: 'its root /nowhere/x: ENOENT', jid: 1 });
  const linked = jailOf(listing.byName.get('b'));
  assert.is(linked.path, undefined, 'a path that may lead elsewhere tomorrow is none');
});

story(
  lists,
  'DragonFly: by path, with the jid for a name; a path that is not canonical is refused',
  {},
  async (t) => {
    const h = await host(t);
    const [web, evil] = [await h.root('web'), await h.root('evil')];
    await h.root('evil/x');
    await h.prints('jail.list', `2 www ${web} 10.0.0.1\n5 e ${evil}/x/..`);
    await h.prints('ps', '    0     1 ILs\n    2   901 IJ\n    5   902 IJ\n');
    const listing = await listOf('DragonFly', h);
    const jail = jailOf(listing.byName.get('2'));
    assert.is(jail.instance, '1700000000:2');
    assert.is(jail.path, web);
    assert.is(jail.hostname, undefined);
    assert.equal(jail.residents, [901]);
    assert.equal(Object.keys(jail.entrance), ['by', 'jid', 'dev', 'ino']);
    assert.is(jailOf(findListed(listing, web)).name, '2');
    const forged = listing.byName.get('5');
    assert.match(forged && 'refused' in forged ? forged.refused : '', /no canonical path: its host name may/);
  },
);

story(
  lists,
  'DragonFly: a jail lives as long as it has processes, whatever a host name does to the list',
  {},
  async (t) => {
    const h = await host(t);
    const [web, db] = [await h.root('web'), await h.root('db')];
    await h.prints('jail.list', `2 www ${web}\n5 db ${db}`);
    const [both, one] = ['    2   901 IJ\n    5   902 IJ\n', '    2   901 IJ\n'];
    await h.prints('ps', both);
    const lister = createLister('DragonFly', h.programs);
    const paths = async (): Promise<(string | undefined)[]> =>
      [...((await lister?.list())?.byName.values() ?? [])]
        .map((sighting) => jailOf(sighting).path)
        .toSorted();
    assert.equal(await paths(), [db, web]);
    await h.prints('jail.list', '');
    assert.equal(await paths(), [db, web], 'sysctl(8) found the list longer than it had been told');
    await h.prints('jail.list', `2 a blank ${web}\n5 db ${db}`);
    assert.equal(await paths(), [db, web], 'a line that nobody can read');
    await h.prints('ps', one);
    assert.equal(await paths(), [web], 'the last process has ended');
    await h.prints('ps', both);
    await h.prints('jail.list', `2 www ${web}`);
    assert.equal(await paths(), [web], 'a number that has come round again says nothing of where');
  },
);

story(
  lists,
  'a program that is missing, fails, hangs or never ends is said so in one sentence',
  {},
  async (t) => {
    const h = await host(t);
    const why = async (): Promise<string> =>
      (createLister('FreeBSD', h.programs)?.list() ?? Promise.reject()).then(
        () => 'nothing',
        (error: Error) => error.message,
      );
    await h.script('jls', 'echo "jls: sysctl: no \u001b[31mjails" >&2; exit 1');
    assert.is(await why(), `${h.programs.jls} failed (1): jls: sysctl: no ?[31mjails`);
    await h.script('jls', 'kill -SEGV $$');
    assert.is(await why(), `${h.programs.jls} was ended by SIGSEGV`);
    await h.script('jls', 'echo {');
    assert.match(await why(), /^jls printed \d+ characters that are no whole JSON$/);
    await h.script('jls', 'yes');
    assert.match(await why(), /prints more than \d+ bytes$/);
    await chmod(h.programs.jls, 0o600);
    assert.match(await why(), /cannot be run: EACCES$/);
    await rm(h.programs.jls);
    assert.is(await why(), `${h.programs.jls} does not exist`);

    await h.script('ps', `echo $$ > ${h.dir}/pid; exec sleep 60`);
    const hanging = await runProgram(h.programs.ps, [], 2_000).catch((error: Error) => error.message);
    assert.is(hanging, `${h.programs.ps} was ended: it had not answered within 2 s`);
    assert.not(isAlive(Number(await readFile(join(h.dir, 'pid'), 'utf8'))), 'and does not hang on');
  },
);

/** A looker over such a host, and what it has told of each jail. */
function looking(t: Teller, h: FakeHost) {
  const told = new Map<string, Sighting>();
  const said: string[] = [];
  const looker = createLooker(
    (event: Event) => {
      if (event.type === 'sighted') for (const sighting of event.sightings) told.set(sighting.name, sighting);
      if (event.type === 'daemon') said.push(event.what);
    },
    createLister('FreeBSD', h.programs),
  );
  t.defer('stop looking, and let what is under way end', async () => {
    looker.stop();
    await looker.survey(new Map());
    const programs = Object.values(h.programs);
    await until(
      () => programs.every((path) => withArgument(path).length === 0),
      'no program is asked any more',
    );
  });
  return { looker, told, said };
}

story(lists, 'all jails are seen with one question, also those that nobody has named', {}, async (t) => {
  const h = await host(t);
  const path = await h.root('jail');
  await h.prints('persist', persist());
  await h.prints('jls', freebsd({ jid: 1, name: 'web', path }));
  const { looker, told } = looking(t, h);
  looker.follow(
    new Map([
      ['web', { by: 'name' }],
      ['gone', { by: 'name' }],
    ]),
    50,
  );
  await until(() => told.has('web') && told.has('gone'), 'both are told of');
  assert.is(jailOf(told.get('web')).instance, `${BOOT}:1:1`);
  assert.equal(told.get('gone'), { name: 'gone', absent: 'no jail named "gone" runs' });

  const many = Array.from({ length: 500 }, (_, n) => ({ jid: n + 10, name: `j-${n}`, path }));
  await h.prints('jls', freebsd(...many));
  await until(() => told.size === 502, 'jails that have started are told of');
  await until(() => 'absent' in (told.get('web') ?? {}), 'one that has stopped, too');
  await h.prints('jls', freebsd());
  await until(() => [...told.values()].every((sighting) => 'absent' in sighting), 'and all that stop');

  // A glance at many jails is one question.
  looker.follow(new Map(many.map(({ name }) => [name, { by: 'name' }])), 600_000);
  const asked = async (): Promise<number> =>
    (await readFile(join(h.dir, 'asked'), 'utf8')).split('-v').length;
  /** Nobody has asked for half a second. */
  const quiet = async (): Promise<number> => {
    for (let last = -1; ;) {
      const now = await asked();
      if (now === last) return now;
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const before = await quiet();
  looker.glance(many.map(({ name }) => name));
  await until(async () => (await asked()) > before, 'it has been asked');
  assert.is((await quiet()) - before, 1);
});

story(
  lists,
  'what the kernel told the keeper is seen at once, whatever the jail is called',
  {},
  async (t) => {
    const h = await host(t);
    const path = await h.root('jail');
    await h.prints('persist', persist());
    await h.prints('jls', freebsd());
    const { looker, told } = looking(t, h);
    looker.follow(new Map([['web', { by: 'name' }]]), 600_000);
    looker.glance(['web']);
    await until(() => told.has('web'), 'it has been looked for');
    await h.prints('jls', freebsd({ jid: 1, name: 'web', path }, { jid: 2, name: 'other', path }));
    assert.equal(readMessage({ verb: 'look', fields: new Map() }, 'e'), { type: 'look' });
    looker.glanceAround();
    await until(() => told.has('other') && 'jail' in (told.get('web') ?? {}), 'both are seen');
  },
);

story(lists, 'a list that cannot be had takes nothing away, and is complained of once', {}, async (t) => {
  const h = await host(t);
  const path = await h.root('jail');
  await h.prints('persist', persist());
  await h.prints('jls', freebsd({ jid: 1, name: 'web', path }, { jid: 2, name: 'db', path }));
  const { looker, told, said } = looking(t, h);
  looker.follow(new Map([['web', { by: 'name' }]]), 50);
  await until(() => told.has('web') && told.has('db'), 'the jails are seen');
  await h.script('jls', 'exit 1');
  const refused = await until(() => {
    const sighting = told.get('web');
    return sighting && 'refused' in sighting ? sighting : undefined;
  }, 'the trouble is told');
  assert.is(refused.unsure, true, 'what is known goes on holding');
  assert.ok('jail' in (told.get('db') ?? {}), 'and of the others nothing is said');
  await until(() => said.length > 0, 'the log has it');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(said, ['the jails cannot be listed; what is armed stays']);
  await h.script(
    'jls',
    `case "$*" in\n*persist) cat ${h.dir}/persist.txt ;;\n*) cat ${h.dir}/jls.txt ;;\nesac`,
  );
  await until(() => said.length === 2, 'it can be listed again');
  await until(() => 'jail' in (told.get('web') ?? {}), 'and the jail is there');
});

story(lists, 'a jail that the file names by its root has that name, and no other', {}, async (t) => {
  const h = await host(t);
  const [path, other] = [await h.root('jail'), await h.root('other')];
  await h.prints('persist', persist());
  await h.prints('jls', freebsd({ jid: 1, name: 'www0', path }, { jid: 2, name: 'db', path: other }));
  const { looker, told } = looking(t, h);
  looker.follow(new Map([['web', { by: 'path', path }]]), 50);
  await until(() => told.has('web') && told.has('db'), 'the jails are seen');
  assert.is(jailOf(told.get('web')).name, 'web');
  assert.equal(jailOf(told.get('web')).entrance.by === 'jail' && jailOf(told.get('web')).entrance, {
    ...jailOf(told.get('web')).entrance,
    name: 'www0',
  });
  assert.not(told.has('www0'));
  await h.prints('jls', freebsd({ jid: 1, name: 'www0', path }, { jid: 2, name: 'db', path }));
  await until(() => 'refused' in (told.get('web') ?? {}), 'a root of two jails is refused');
  assert.equal(await looker.find('db').then((found) => jailOf(found).jid), 2);
});

lists.run();
