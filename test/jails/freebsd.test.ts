/** What jls(8) of FreeBSD prints, word for word, and what a jail's root can make it print. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBootId, parseBootTime } from '../../src/jails/boot.ts';
import { instanceOf, parseJls, parsePersist } from '../../src/jails/freebsd.ts';
import { parseResidents } from '../../src/jails/residents.ts';

/** jls.c of FreeBSD with libxo 0.9.0, `jls --libxo json -d -v`. */
const printed = `{"__version": "2", "jail-information": {"jail": [{"jid":1,"hostname":"www.example.org","path":"/jails/www","name":"www","state":"ACTIVE","cpusetid":2, "ipv4_addrs": ["10.0.0.1","10.0.0.2"], "ipv6_addrs": ["2001:db8::1"]}, {"jid":7,"hostname":"","path":"/jails/d b","name":"db","state":"ACTIVE","cpusetid":3, "ipv4_addrs": [], "ipv6_addrs": []}, {"jid":9,"hostname":"old","path":"/jails/old","name":"it's","state":"DYING","cpusetid":4, "ipv4_addrs": ["10.0.0.9"], "ipv6_addrs": []}]}
}
`;

const parse = (text: string) => parseJls(Buffer.from(text));
const jailNamed = (name: string, hostname = 'h'): string =>
  `{"jid":5,"hostname":"${hostname}","path":"/jails/x","name":"${name}","state":"ACTIVE","cpusetid":6, "ipv4_addrs": [], "ipv6_addrs": []}`;
const listOf = (...jails: readonly string[]): string =>
  `{"__version": "2", "jail-information": {"jail": [${jails.join(', ')}]}\n}\n`;

test('the jails that live, each with its name, jid, path and host name; the dying one is left alone', () => {
  assert.equal(parse(printed), [
    { jid: 1, name: 'www', path: '/jails/www', cpuset: 2, hostname: 'www.example.org' },
    { jid: 7, name: 'db', path: '/jails/d b', cpuset: 3 },
  ]);
});

test('no jail runs', () => {
  // As a FreeBSD user has quoted it.
  assert.equal(parse('{"__version": "2", "jail-information": {"jail": []}\n}\n'), []);
});

test('what version 3 of the format calls otherwise is nothing that is read', () => {
  const newer = printed.replace('"2"', '"3"').replaceAll('_addrs', '-addrs');
  assert.equal(parse(newer), parse(printed));
});

test('jails without a name have their jid for one; nested ones are parent.child', () => {
  const names = parse(listOf(jailNamed('5'), jailNamed('web.build'), jailNamed('svcj-nginx'))).map(
    ({ name }) => name,
  );
  assert.equal(names, ['5', 'web.build', 'svcj-nginx']);
});

test('control characters in one host name leave all jails to be seen', () => {
  for (const code of [...Array(32).keys(), 127].filter((one) => one !== 10 && one !== 13)) {
    const raw = `evil${String.fromCharCode(code)}host`;
    const jails = parse(listOf(jailNamed('evil', raw), jailNamed('good', 'good.example.org')));
    assert.equal(
      jails.map(({ name, hostname }) => [name, hostname]),
      [
        ['evil', undefined],
        ['good', 'good.example.org'],
      ],
      `character ${code}`,
    );
  }
});

test('what libxo escapes, and bytes that are no UTF-8, leave all jails to be seen', () => {
  const hostile = [
    String.raw`\"}, {\"jid\":99,\"name\":\"forged\",\"path\":\"/\",\"state\":\"ACTIVE\",\"cpusetid\":1}]}`,
    String.raw`back\\slash`,
    String.raw`new\nline\r`,
    '\u001b[2J\u001b]0;title\u0007',
    "it's \u2028 odd",
  ];
  for (const host of hostile) {
    const jails = parse(listOf(jailNamed('evil', host), jailNamed('good', 'g')));
    assert.equal(
      jails.map(({ name }) => name),
      ['evil', 'good'],
      host,
    );
    assert.is(jails[0]?.hostname === undefined || /^[!-~]+$/.test(jails[0].hostname), true, host);
  }
  for (const bytes of [[0xff], [0xe2], [0xf0, 0x9f], [0xc0, 0x80]]) {
    const [before, after] = listOf(jailNamed('evil', 'HERE'), jailNamed('good')).split('HERE');
    const text = Buffer.concat([Buffer.from(before ?? ''), Buffer.from(bytes), Buffer.from(after ?? '')]);
    assert.equal(
      parseJls(text).map(({ name }) => name),
      ['evil', 'good'],
    );
  }
});

test('a name that could pass for something else is nobody', () => {
  // The root of a jail that may have jails of its own names those.
  for (const name of [
    'web.a/SNAPSHOT',
    'web.a b',
    String.raw`web.a\nb`,
    'adhoc',
    '',
    'web.ä',
    'x'.repeat(256),
  ])
    assert.equal(parse(listOf(jailNamed(name))), [], name);
});

test('output that was cut off, or that is something else, is no list', () => {
  for (const length of [0, 1, 40, 300, printed.length - 3])
    assert.throws(
      () => parse(printed.slice(0, length)),
      /^jls printed \d+ characters that are no whole JSON$/,
    );
  for (const other of ['null', '[]', '{}', '{"jail-information": {"jail": 7}}'])
    assert.throws(() => parse(other), 'jls printed no list of jails');
  assert.equal(parse('{"jail-information": {"jail": [7, null, {}, {"jid":0}, {"jid":1,"name":"a"}]}}'), []);
});

test('ten thousand jails', () => {
  const many = Array.from({ length: 10_000 }, (_, number) =>
    jailNamed(`jail-${number}`).replace('"jid":5', `"jid":${number + 1}`),
  );
  const before = performance.now();
  const jails = parse(listOf(...many));
  assert.is(jails.length, 10_000);
  assert.equal(jails[9999], { jid: 10_000, name: 'jail-9999', path: '/jails/x', cpuset: 6, hostname: 'h' });
  assert.ok(performance.now() - before < 2_000);
});

test('which jails persist, in all the ways in which jls has said it', () => {
  const said = (value: string): string =>
    `{"__version": "2", "jail-information": {"jail": [{"jid":"1","persist":${value}}]}\n}\n`;
  for (const yes of ['"1"', '1', 'true', '"true"'])
    assert.equal([...parsePersist(Buffer.from(said(yes)))], [[1, true]], yes);
  for (const no of ['"0"', '0', 'false', '"false"'])
    assert.equal([...parsePersist(Buffer.from(said(no)))], [[1, false]], no);
  assert.equal([...parsePersist(Buffer.from(said('"maybe"')))], []);
});

test('an instance is of this boot, and another one when the jid is used again', () => {
  assert.is(instanceOf('0123abcd', { jid: 7, cpuset: 3 }), '0123abcd:7:3');
  const id = Buffer.from('0123abcd00112233445566778899aabb', 'hex');
  assert.is(parseBootId(id), '0123abcd');
  assert.is(parseBootId(Buffer.from('')), undefined);
  assert.is(
    parseBootTime(Buffer.from('{ sec = 1700000000, usec = 123456 } Tue Nov 14 22:13:20 2023\n')),
    '1700000000',
  );
  assert.is(parseBootTime(Buffer.from('sysctl: unknown oid\n')), undefined);
});

test('who lives in which jail, zombies apart', () => {
  const ps = `  0     1 ILs
  0  1234 R+
  7  2001 IsJ
  7  2002 SJ
 12  2003 ZJ
`;
  assert.equal([...parseResidents(Buffer.from(ps))], [[7, [2001, 2002]]]);
});

test.run();
