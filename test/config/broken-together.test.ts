// Mistakes that only several files, or several jails, make together.
import { test } from 'uvu';
import { tellsAll } from './broken.ts';

tellsAll([
  [
    'a missing include',
    {
      'jaildaemon.yml': `include: [a.yml]
jails: {}
`,
    },
    `@/jaildaemon.yml:1:11: error: @/a.yml does not exist
  1 | include: [a.yml]
    |           ^^^^^
1 error.
`,
  ],
  [
    'a wildcard in a directory',
    {
      'jaildaemon.yml': `include: ["*/a.yml"]
jails: {}
`,
    },
    `@/jaildaemon.yml:1:11: error: "*/a.yml" has a wildcard in a directory; only file names may have them
  1 | include: ["*/a.yml"]
    |           ^^^^^^^^^
1 error.
`,
  ],
  [
    'an include that is a directory',
    {
      'jaildaemon.yml': `include: [d]
jails: {}
`,
      'd/a.yml': ``,
    },
    `@/jaildaemon.yml:1:11: error: @/d is a directory, not a file
  1 | include: [d]
    |           ^
1 error.
`,
  ],
  [
    'settings in an include',
    {
      'jaildaemon.yml': `include: [a.yml]
jails: {}
`,
      'a.yml': `jails: {}
settings: {budget: 1}
include: [b.yml]
`,
    },
    `@/a.yml:2:1: error: only the main file may have settings
  2 | settings: {budget: 1}
    | ^^^^^^^^
    = an included file has jails: and nothing else
@/a.yml:3:1: error: only the main file may have include
  3 | include: [b.yml]
    | ^^^^^^^
    = an included file has jails: and nothing else
2 errors.
`,
  ],
  [
    'the same title twice in a jail',
    {
      'jaildaemon.yml': `include: [a.yml]
jails: {web: {probes: {A: {command: x}}}}
`,
      'a.yml': `jails:
  web:
    probes:
      B: {command: y, title: A}
`,
    },
    `@/a.yml:4:30: error: the title "A" is taken in jail "web" by "A", at @/jaildaemon.yml:2:24
  4 |       B: {command: y, title: A}
    |                              ^
    = in one jail each probe has a title of its own
1 error.
`,
  ],
  [
    'the same key twice in a jail',
    {
      'jaildaemon.yml': `include: [a.yml]
jails: {web: {probes: {A: {command: x}}}}
`,
      'a.yml': `jails:
  web:
    probes:
      A: {command: y}
`,
    },
    `@/a.yml:4:7: error: jail "web" has a probe "A" already, at @/jaildaemon.yml:2:24
  4 |       A: {command: y}
    |       ^
    = take one of them out
1 error.
`,
  ],
  [
    'a title of a pattern that a named jail has',
    {
      'jaildaemon.yml': `jails:
  w*: {probes: {A: {command: x, title: T}}}
  web: {probes: {B: {command: x, title: T}}}
`,
    },
    `@/jaildaemon.yml:2:40: error: the title "T" is taken in jail "web" by "B", at @/jaildaemon.yml:3:18
  2 |   w*: {probes: {A: {command: x, title: T}}}
    |                                        ^
    = in one jail each probe has a title of its own
1 error.
`,
  ],
  [
    'a jail at two places',
    {
      'jaildaemon.yml': `include: [a.yml]
jails: {web: {pid: 1}}
`,
      'a.yml': `jails: {web: {chroot: /srv}}
`,
    },
    `@/a.yml:1:23: error: jail "web" is said to be elsewhere at @/jaildaemon.yml:2:9
  1 | jails: {web: {chroot: /srv}}
    |                       ^^^^
    = say it in one of the files
1 error.
`,
  ],
  [
    'an alias bomb',
    {
      'jaildaemon.yml': `jails: {}
x-0: &a0 [x,x,x,x,x,x,x,x,x,x]
x-1: &a1 [*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0]
x-2: &a2 [*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1]
x-3: &a3 [*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2]
x-4: &a4 [*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3]
x-5: &a5 [*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4]
x-6: &a6 [*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5]
x-7: &a7 [*a6,*a6,*a6,*a6,*a6,*a6,*a6,*a6,*a6,*a6]
x-8: &a8 [*a7,*a7,*a7,*a7,*a7,*a7,*a7,*a7,*a7,*a7]
x-9: &a9 [*a8,*a8,*a8,*a8,*a8,*a8,*a8,*a8,*a8,*a8]
`,
    },
    `@/jaildaemon.yml:7:11: error: aliases repeat more than a file of this size needs
  7 | x-5: &a5 [*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4,*a4]
    |           ^^^
1 error.
`,
  ],
  [
    'all errors at once',
    {
      'jaildaemon.yml': `include: [a.yml, b.yml]
defaults: {timeout: 5}
jails:
  web:
    probes:
      A: {comand: x, uid: -1, run_as: rooot}
      B: {command: x, title: "", receipt: true}
setings: {}
`,
      'a.yml': `jails:
  web:
    probes:
      C: {command: 1, title: A}
`,
    },
    `@/jaildaemon.yml:1:18: error: @/b.yml does not exist
  1 | include: [a.yml, b.yml]
    |                  ^^^^^
@/jaildaemon.yml:2:21: error: timeout: expected a duration such as 250ms, 30s, 5m or 1h30m, found the number 5
  2 | defaults: {timeout: 5}
    |                     ^
    = a duration has a unit: 5s, 5m
@/jaildaemon.yml:6:11: error: unknown key "comand"
  6 |       A: {comand: x, uid: -1, run_as: rooot}
    |           ^^^^^^
    = did you mean "command"?
@/jaildaemon.yml:6:27: error: uid: expected a number from 0 to 4294967294, found the number -1
  6 |       A: {comand: x, uid: -1, run_as: rooot}
    |                           ^^
@/jaildaemon.yml:6:39: error: this host has no user "rooot"
  6 |       A: {comand: x, uid: -1, run_as: rooot}
    |                                       ^^^^^
    = did you mean "root"?
@/jaildaemon.yml:7:30: error: title: expected a title of 1 to 200 printable ASCII characters, found an empty text
  7 |       B: {command: x, title: "", receipt: true}
    |                              ^^
@/jaildaemon.yml:7:43: error: a receipt is part of the next probe's title, and needs respawn: after (here it is never)
  7 |       B: {command: x, title: "", receipt: true}
    |                                           ^^^^
@/jaildaemon.yml:8:1: error: unknown key "setings"
  8 | setings: {}
    | ^^^^^^^
    = did you mean "settings"?
@/a.yml:4:20: error: command: expected a command for the shell, or a list such as [/usr/local/sbin/backup, -v], found the number 1
  4 |       C: {command: 1, title: A}
    |                    ^
    = put it in quotes: "1"
@/a.yml:4:30: error: the title "A" is taken in jail "web" by "A", at @/jaildaemon.yml:6:7
  4 |       C: {command: 1, title: A}
    |                              ^
    = in one jail each probe has a title of its own
10 errors.
`,
  ],
]);

test.run();
