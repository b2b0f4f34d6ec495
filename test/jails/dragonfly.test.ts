/** The sysctl `jail.list` of DragonFly, which host names can write lines into. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instanceOf, parseJailList } from '../../src/jails/dragonfly.ts';

/** `%d %s %s` and ` %s` for each address, joined by newlines (sys/kern/kern_jail.c). */
const printed = `2 www.example.org /jails/www 10.0.0.1 10.0.0.2
1 db /jails/db`;

const alive = (...jids: readonly number[]) => new Map(jids.map((jid) => [jid, [jid * 100]]));
const parse = (text: string, ...jids: readonly number[]) => parseJailList(Buffer.from(text), alive(...jids));
/** jid and path of those that may be entered, and which are refused. */
const outcome = (text: string, ...jids: readonly number[]) =>
  parse(text, ...jids).map(({ jid, path, refused }) =>
    refused === undefined ? `${jid} ${path}` : `${jid} refused`,
  );

test('each jail with its jid for a name, its path and who lives there', () => {
  assert.equal(parse(printed, 1, 2), [
    { jid: 2, name: '2', path: '/jails/www', residents: [200] },
    { jid: 1, name: '1', path: '/jails/db', residents: [100] },
  ]);
  assert.equal(parse('', 1), []);
  assert.equal(parse(`${printed}\n`, 1, 2), parse(printed, 1, 2));
});

test('a path may hold blanks, and addresses of both kinds follow it', () => {
  assert.equal(outcome('3 h /jails/d b 10.0.0.1 2001:db8::1 ::1', 3), ['3 /jails/d b']);
  assert.equal(outcome('3  /jails/nameless 10.0.0.1', 3), ['3 /jails/nameless']);
});

test('a line that a host name has made up does not give a jail to somebody else', () => {
  // Jail 5, at /jails/evil, calls itself "x\n6 y /jails/web": a line for a jail that is not there.
  assert.equal(outcome('5 x\n6 y /jails/web /jails/evil 10.0.0.1\n1 db /jails/db', 1, 5), ['1 /jails/db']);
  // A second line for the jail at /jails/web: neither is believed.
  assert.equal(outcome('5 x\n5 y /jails/web\n2 z /jails/evil\n2 www /jails/web', 2, 5), [
    '5 refused',
    '2 refused',
  ]);
  // A second path for a jid that lives.
  assert.equal(outcome('5 x /jails/a\n2 forged /jails/evil\n2 www /jails/web', 2, 5), [
    '5 /jails/a',
    '2 refused',
  ]);
});

test('a refusal says what is wrong', () => {
  const [first] = parse('5 x /jails/web\n2 www /jails/web', 2, 5);
  assert.is(
    first?.refused,
    "the list of jails has the path /jails/web twice: a jail's host name may have made up one of them",
  );
});

test('lines that are none are passed over', () => {
  const odd = [
    'x',
    '0 h /',
    '-1 h /',
    '1234567 h /a',
    '4 h relative',
    '4',
    '4 h',
    '\u0000',
    '4 a b /jails/x',
  ];
  assert.equal(outcome(`${odd.join('\n')}\n${printed}`, 1, 2, 4), ['2 /jails/www', '1 /jails/db']);
});

test('ten thousand jails, each with the longest host name that holds blanks', () => {
  const rows = Array.from(
    { length: 10_000 },
    (_, number) => `${number + 1} ${number % 2 ? ' 1.1.1.1'.repeat(31) : 'h'} /jails/${number} 10.0.0.1`,
  );
  const before = performance.now();
  assert.is(
    parse(rows.join('\n'), ...Array.from({ length: 10_000 }, (_, number) => number + 1)).length,
    5_000,
  );
  assert.ok(performance.now() - before < 2_000);
});

test('an instance is of this boot', () => {
  assert.is(instanceOf('1700000000', { jid: 7 }), '1700000000:7');
});

test.run();
