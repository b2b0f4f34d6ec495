// Values that are not what their key expects.
import { test } from 'uvu';
import { probe, tellsAll } from './broken.ts';

tellsAll([
  [
    'a number as command',
    probe('command: 5'),
    `@/jaildaemon.yml:5:18: error: command: expected a command for the shell, or a list such as [/usr/local/sbin/backup, -v], found the number 5
  5 |         command: 5
    |                  ^
    = put it in quotes: "5"
1 error.
`,
  ],
  [
    'a number in a list',
    probe('command: [sleep, 5]'),
    `@/jaildaemon.yml:5:26: error: command[1]: expected a string, found the number 5
  5 |         command: [sleep, 5]
    |                          ^
    = put it in quotes: "5"
1 error.
`,
  ],
  [
    'an empty list',
    probe('command: []'),
    `@/jaildaemon.yml:5:9: error: command: expected a command for the shell, or a list such as [/usr/local/sbin/backup, -v], found an empty list
  5 |         command: []
    |         ^^^^^^^
1 error.
`,
  ],
  [
    'a list without a program',
    probe('command: ["", a]'),
    `@/jaildaemon.yml:5:19: error: command[0]: the name of a program is missing
  5 |         command: ["", a]
    |                   ^^
1 error.
`,
  ],
  [
    'an escaped NUL in a command',
    probe('command: "a\\0b"'),
    `@/jaildaemon.yml:5:18: error: command: expected a command for the shell, or a list such as [/usr/local/sbin/backup, -v], found the text "a\\u0000b"
  5 |         command: "a\\0b"
    |                  ^^^^^^
1 error.
`,
  ],
  [
    'a duration without a unit',
    probe('command: x', 'timeout: 30'),
    `@/jaildaemon.yml:6:18: error: timeout: expected a duration such as 250ms, 30s, 5m or 1h30m, found the number 30
  6 |         timeout: 30
    |                  ^^
    = a duration has a unit: 30s, 30m
1 error.
`,
  ],
  [
    'a duration in words',
    probe('command: x', 'timeout: 5 minutes'),
    `@/jaildaemon.yml:6:18: error: timeout: expected a duration such as 250ms, 30s, 5m or 1h30m, found the text "5 minutes"
  6 |         timeout: 5 minutes
    |                  ^^^^^^^^^
1 error.
`,
  ],
  [
    'a duration the wrong way round',
    probe('command: x', 'timeout: 30m1h'),
    `@/jaildaemon.yml:6:18: error: timeout: expected a duration such as 250ms, 30s, 5m or 1h30m, found the text "30m1h"
  6 |         timeout: 30m1h
    |                  ^^^^^
1 error.
`,
  ],
  [
    'a duration that is too long',
    probe('command: x', 'timeout: 1000h'),
    `@/jaildaemon.yml:6:18: error: timeout: 1000h is too long; the longest duration is 576h (24 days)
  6 |         timeout: 1000h
    |                  ^^^^^
1 error.
`,
  ],
  [
    'uid -1',
    probe('command: x', 'uid: -1'),
    `@/jaildaemon.yml:6:14: error: uid: expected a number from 0 to 4294967294, found the number -1
  6 |         uid: -1
    |              ^^
1 error.
`,
  ],
  [
    'uid 4294967295',
    probe('command: x', 'uid: 4294967295'),
    `@/jaildaemon.yml:6:14: error: uid: expected a number from 0 to 4294967294, found the number 4294967295
  6 |         uid: 4294967295
    |              ^^^^^^^^^^
1 error.
`,
  ],
  [
    'a uid with a fraction',
    probe('command: x', 'uid: 1.5'),
    `@/jaildaemon.yml:6:14: error: uid: expected a number from 0 to 4294967294, found the number 1.5
  6 |         uid: 1.5
    |              ^^^
1 error.
`,
  ],
  [
    'a uid by name',
    probe('command: x', 'uid: www'),
    `@/jaildaemon.yml:6:14: error: uid: expected a number from 0 to 4294967294, found the text "www"
  6 |         uid: www
    |              ^^^
1 error.
`,
  ],
  [
    'a gid out of range',
    probe('command: x', 'gid: 4294967295'),
    `@/jaildaemon.yml:6:14: error: gid: expected a number from 0 to 4294967294, found the number 4294967295
  6 |         gid: 4294967295
    |              ^^^^^^^^^^
1 error.
`,
  ],
  [
    'groups out of range',
    probe('command: x', 'groups: [1, -1]'),
    `@/jaildaemon.yml:6:21: error: groups[1]: expected a number from 0 to 4294967294, found the number -1
  6 |         groups: [1, -1]
    |                     ^^
1 error.
`,
  ],
  [
    'an unknown respawn',
    probe('command: x', 'respawn: imediately'),
    `@/jaildaemon.yml:6:18: error: respawn: expected never, after or immediately, found the text "imediately"
  6 |         respawn: imediately
    |                  ^^^^^^^^^^
    = did you mean "immediately"?
1 error.
`,
  ],
  [
    'concurrency 0',
    probe('command: x', 'concurrency: 0'),
    `@/jaildaemon.yml:6:22: error: concurrency: expected a number from 1 to 10000, found the number 0
  6 |         concurrency: 0
    |                      ^
1 error.
`,
  ],
  [
    'a relative cwd',
    probe('command: x', 'cwd: srv'),
    `@/jaildaemon.yml:6:14: error: cwd: expected an absolute path such as /srv/build, found the text "srv"
  6 |         cwd: srv
    |              ^^^
1 error.
`,
  ],
  [
    'a number in env',
    probe('command: x', 'env: {VERSION: 1.10}'),
    `@/jaildaemon.yml:6:24: error: VERSION: expected a string, found the number 1.10
  6 |         env: {VERSION: 1.10}
    |                        ^^^^
    = put it in quotes: "1.10"
1 error.
`,
  ],
  [
    'a fact in env',
    probe('command: x', 'env: {JAIL_NAME: a}'),
    `@/jaildaemon.yml:6:15: error: JAIL_NAME is a fact that jaildaemon sets by itself
  6 |         env: {JAIL_NAME: a}
    |               ^^^^^^^^^
    = use another name
1 error.
`,
  ],
  [
    'a bad name in env',
    probe('command: x', 'env: {a-b: c}'),
    `@/jaildaemon.yml:6:15: error: expected a variable's name: letters, digits and _, found the text "a-b"
  6 |         env: {a-b: c}
    |               ^^^
1 error.
`,
  ],
  [
    'yes for true',
    probe('command: x', 'enabled: yes'),
    `@/jaildaemon.yml:6:18: error: enabled: expected true or false, found the text "yes"
  6 |         enabled: yes
    |                  ^^^
    = write true
1 error.
`,
  ],
  [
    'an unknown user',
    probe('command: x', 'run_as: rooot'),
    `@/jaildaemon.yml:6:17: error: this host has no user "rooot"
  6 |         run_as: rooot
    |                 ^^^^^
    = did you mean "root"?
1 error.
`,
  ],
  [
    'a uid for a user',
    probe('command: x', 'run_as: 0'),
    `@/jaildaemon.yml:6:17: error: run_as: expected the name of a user of this host, found the number 0
  6 |         run_as: 0
    |                 ^
1 error.
`,
  ],
  [
    'an option for a user',
    probe('command: x', 'run_as: -G'),
    `@/jaildaemon.yml:6:17: error: run_as: expected the name of a user of this host, found the text "-G"
  6 |         run_as: -G
    |                 ^^
1 error.
`,
  ],
  [
    'a receipt without respawn: after',
    probe('command: x', 'receipt: true'),
    `@/jaildaemon.yml:6:18: error: a receipt is part of the next probe's title, and needs respawn: after (here it is never)
  6 |         receipt: true
    |                  ^^^^
1 error.
`,
  ],
  [
    'a title that is not ASCII',
    probe('command: x', 'title: café'),
    `@/jaildaemon.yml:6:16: error: title: expected a title of 1 to 200 printable ASCII characters, found the text "caf\\u{e9}"
  6 |         title: café
    |                ^^^^
1 error.
`,
  ],
  [
    'a title with a line break',
    probe('command: x', 'title: "a\\nb"'),
    `@/jaildaemon.yml:6:16: error: title: expected a title of 1 to 200 printable ASCII characters, found the text "a\\nb"
  6 |         title: "a\\nb"
    |                ^^^^^^
1 error.
`,
  ],
  [
    'an empty title',
    probe('command: x', 'title: ""'),
    `@/jaildaemon.yml:6:16: error: title: expected a title of 1 to 200 printable ASCII characters, found an empty text
  6 |         title: ""
    |                ^^
1 error.
`,
  ],
  [
    'a jail name with a slash',
    `jails: {a/b: {}}
`,
    `@/jaildaemon.yml:1:9: error: expected a jail's name: 1 to 255 printable ASCII characters without spaces and slashes, found the text "a/b"
  1 | jails: {a/b: {}}
    |         ^^^
1 error.
`,
  ],
  [
    'a pid out of range',
    `jails: {web: {pid: 0}}
`,
    `@/jaildaemon.yml:1:20: error: pid: expected a process's number, or the absolute path of a pidfile, found the number 0
  1 | jails: {web: {pid: 0}}
    |                    ^
1 error.
`,
  ],
  [
    'a relative pidfile',
    `jails: {web: {pid: run/web.pid}}
`,
    `@/jaildaemon.yml:1:20: error: pid: expected a process's number, or the absolute path of a pidfile, found the text "run/web.pid"
  1 | jails: {web: {pid: run/web.pid}}
    |                    ^^^^^^^^^^^
1 error.
`,
  ],
  [
    'a relative chroot',
    `jails: {web: {chroot: srv}}
`,
    `@/jaildaemon.yml:1:23: error: chroot: expected an absolute path such as /srv/build, found the text "srv"
  1 | jails: {web: {chroot: srv}}
    |                       ^^^
1 error.
`,
  ],
  [
    'root without a chroot',
    `jails: {web: {pid: 1, root: mount}}
`,
    `@/jaildaemon.yml:1:29: error: root says how a chroot is entered, and here is none
  1 | jails: {web: {pid: 1, root: mount}}
    |                             ^^^^^
    = add chroot:, or take it out
1 error.
`,
  ],
  [
    'a root that is none',
    `jails: {web: {chroot: /srv, root: mout}}
`,
    `@/jaildaemon.yml:1:35: error: root: expected path or mount, found the text "mout"
  1 | jails: {web: {chroot: /srv, root: mout}}
    |                                   ^^^^
    = did you mean "mount"?
1 error.
`,
  ],
  [
    'chroot and path',
    `jails: {web: {chroot: /srv, path: /srv}}
`,
    `@/jaildaemon.yml:1:29: error: a jail is at one place: chroot and path exclude each other
  1 | jails: {web: {chroot: /srv, path: /srv}}
    |                             ^^^^
1 error.
`,
  ],
  [
    'pid and chroot',
    `jails: {web: {pid: 1, chroot: /srv}}
`,
    `@/jaildaemon.yml:1:23: error: a jail is at one place: pid and chroot exclude each other
  1 | jails: {web: {pid: 1, chroot: /srv}}
    |                       ^^^^^^
1 error.
`,
  ],
  [
    'a pattern with a place',
    `jails: {"w*": {pid: 1}}
`,
    `@/jaildaemon.yml:1:16: error: a pattern stands for many jails, and cannot have pid:
  1 | jails: {"w*": {pid: 1}}
    |                ^^^
    = use a name
1 error.
`,
  ],
  [
    'a jid with a place',
    `jails: {12: {chroot: /srv}}
`,
    `@/jaildaemon.yml:1:14: error: a key of digits is a jid, and cannot have chroot:
  1 | jails: {12: {chroot: /srv}}
    |              ^^^^^^
    = use a name
1 error.
`,
  ],
  [
    'a bad size',
    `jails: {}
settings: {history: {bytes: 64MB}}
`,
    `@/jaildaemon.yml:2:29: error: bytes: expected a size such as 256KiB, 64MiB or a number of bytes, found the text "64MB"
  2 | settings: {history: {bytes: 64MB}}
    |                             ^^^^
1 error.
`,
  ],
  [
    'a rescan that is too short',
    `jails: {}
settings: {rescan: 1ms}
`,
    `@/jaildaemon.yml:2:20: error: rescan: 1ms is too short; the shortest is 100ms
  2 | settings: {rescan: 1ms}
    |                    ^^^
1 error.
`,
  ],
  [
    'a brake without time',
    `jails: {}
settings: {brake: {within: 0s}}
`,
    `@/jaildaemon.yml:2:28: error: within: 0s is too short
  2 | settings: {brake: {within: 0s}}
    |                            ^^
    = triggers: 0 switches the brake off
1 error.
`,
  ],
  [
    'an include that is no list',
    `jails: {}
include: a.yml
`,
    `@/jaildaemon.yml:2:10: error: include: expected a list of files, such as [jaildaemon.d/*.yml], found the text "a.yml"
  2 | include: a.yml
    |          ^^^^^
    = write it as a list: [a.yml]
1 error.
`,
  ],
  [
    'an unknown user in defaults',
    `jails: {}
defaults: {run_as: rooot}
`,
    `@/jaildaemon.yml:2:20: error: this host has no user "rooot"
  2 | defaults: {run_as: rooot}
    |                    ^^^^^
    = did you mean "root"?
1 error.
`,
  ],
  [
    'a command in defaults',
    `jails: {}
defaults: {command: x}
`,
    `@/jaildaemon.yml:2:12: error: unknown key "command"
  2 | defaults: {command: x}
    |            ^^^^^^^
    = command is a key of a probe
1 error.
`,
  ],
  [
    'an empty command',
    probe('command: ""'),
    `@/jaildaemon.yml:5:18: warning: this command is empty: a trigger is recorded, and nothing else happens
  5 |         command: ""
    |                  ^^
1 warning.
ok
`,
  ],
  [
    'jails that another system would find',
    `jails:
  23: {}
  web: {path: /jails/web}
`,
    `@/jaildaemon.yml:2:3: warning: a key of digits is a jid, which Linux does not have: 23 never matches
  2 |   23: {}
    |   ^^
    = for the jail of a process write a name, and under it pid: 23
@/jaildaemon.yml:3:9: warning: path: finds jails of FreeBSD and DragonFly, and on Linux none
  3 |   web: {path: /jails/web}
    |         ^^^^
    = say pid: or chroot:
2 warnings.
ok
`,
  ],
]);

test.run();
