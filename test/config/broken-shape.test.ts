// Keys that are missing, unknown, twice, or at the wrong place.
import { test } from 'uvu';
import { probe, tellsAll } from './broken.ts';

tellsAll([
  [
    'a jail that has the name of the ad hoc probes',
    {
      'jaildaemon.yml': `jails:
  adhoc: { pid: 7, probes: {} }
`,
    },
    `@/jaildaemon.yml:2:3: error: adhoc: the ids of ad hoc probes begin with this word, so no jail may have it as its name
  2 |   adhoc: { pid: 7, probes: {} }
    |   ^^^^^
    = use another name
1 error.
`,
  ],
  [
    'an empty file',
    ``,
    `@/jaildaemon.yml:1:1: error: expected a mapping with the key jails, found nothing
    = a file that wants no probes says so: jails: {}
1 error.
`,
  ],
  [
    'only a comment',
    `# nothing yet
`,
    `@/jaildaemon.yml:1:1: error: expected a mapping with the key jails, found nothing
  1 | # nothing yet
    | ^
    = a file that wants no probes says so: jails: {}
1 error.
`,
  ],
  [
    'no jails',
    `defaults: {uid: 1}
`,
    `@/jaildaemon.yml:1:1: error: the key "jails" is missing
  1 | defaults: {uid: 1}
    | ^
    = a file that wants no probes says so: jails: {}
1 error.
`,
  ],
  [
    'jails without a value',
    `jails:
`,
    `@/jaildaemon.yml:1:1: error: jails: expected a mapping of jails, such as {web: {probes: …}}, found nothing
  1 | jails:
    | ^^^^^
    = a value is missing, or the lines below are not indented
1 error.
`,
  ],
  [
    'a list instead of a mapping',
    `- jails
`,
    `@/jaildaemon.yml:1:1: error: expected a mapping with the key jails, found a list
  1 | - jails
    | ^
    = a file that wants no probes says so: jails: {}
1 error.
`,
  ],
  [
    'a jail without a value',
    `jails:
  web:
`,
    `@/jaildaemon.yml:2:3: error: web: expected a mapping such as {probes: …}, found nothing
  2 |   web:
    |   ^^^
    = a value is missing, or the lines below are not indented
1 error.
`,
  ],
  [
    'a probe without a command',
    probe('uid: 1'),
    `@/jaildaemon.yml:4:7: error: the key "command" is missing
  4 |       A:
    |       ^
1 error.
`,
  ],
  [
    'a probe that is a string',
    `jails: {web: {probes: {A: reboot}}}
`,
    `@/jaildaemon.yml:1:27: error: A: expected a mapping with the probe's keys, such as {command: …}, found the text "reboot"
  1 | jails: {web: {probes: {A: reboot}}}
    |                           ^^^^^^
1 error.
`,
  ],
  [
    'a key twice',
    probe('command: x', 'uid: 1', 'uid: 2'),
    `@/jaildaemon.yml:7:9: error: the key "uid" stands here for the second time
  7 |         uid: 2
    |         ^^^
    = the first is on line 6; one of them must go
1 error.
`,
  ],
  [
    'a key twice, and a name that cannot be, hide nothing of what else is wrong',
    `jails:
  web:
    probes:
      A: {command: x, __proto__: 1}
      A: {command: y}
      B: {comand: z}
setings: {}
`,
    `@/jaildaemon.yml:4:23: error: this name cannot be used
  4 |       A: {command: x, __proto__: 1}
    |                       ^^^^^^^^^
@/jaildaemon.yml:5:7: error: the key "A" stands here for the second time
  5 |       A: {command: y}
    |       ^
    = the first is on line 4; one of them must go
@/jaildaemon.yml:6:11: error: unknown key "comand"
  6 |       B: {comand: z}
    |           ^^^^^^
    = did you mean "command"?
@/jaildaemon.yml:7:1: error: unknown key "setings"
  7 | setings: {}
    | ^^^^^^^
    = did you mean "settings"?
4 errors.
`,
  ],
  [
    'far to the right on a long line',
    `jails: {web: {description: "${'😀x'.repeat(200)}", probes: {A: {command: x, uid: bad}}}}
`,
    `@/jaildaemon.yml:1:462: error: uid: expected a number from 0 to 4294967294, found the text "bad"
  1 | …x😀x😀x😀x😀x😀x", probes: {A: {command: x, uid: bad}}}}
    |                                              ^^^
1 error.
`,
  ],
  [
    'a key twice in a flow mapping',
    `jails: {web: {}, web: {}}
`,
    `@/jaildaemon.yml:1:18: error: the key "web" stands here for the second time
  1 | jails: {web: {}, web: {}}
    |                  ^^^
    = the first is on line 1; one of them must go
1 error.
`,
  ],
  [
    'an unknown key',
    probe('comand: x'),
    `@/jaildaemon.yml:5:9: error: unknown key "comand"
  5 |         comand: x
    |         ^^^^^^
    = did you mean "command"?
1 error.
`,
  ],
  [
    'another spelling',
    probe('command: x', 'killAfter: 1s'),
    `@/jaildaemon.yml:6:9: error: unknown key "killAfter"
  6 |         killAfter: 1s
    |         ^^^^^^^^^
    = did you mean "kill_after"?
1 error.
`,
  ],
  [
    'a key of another level',
    `jails: {}
timeout: 1s
`,
    `@/jaildaemon.yml:2:1: error: unknown key "timeout"
  2 | timeout: 1s
    | ^^^^^^^
    = timeout is a key of a probe
1 error.
`,
  ],
  [
    'a probe without probes:',
    `jails: {web: {REBOOT: {command: x}}}
`,
    `@/jaildaemon.yml:1:15: error: unknown key "REBOOT"
  1 | jails: {web: {REBOOT: {command: x}}}
    |               ^^^^^^
    = known here: probes, pid, chroot, root, path, description
1 error.
`,
  ],
  [
    'a container',
    `jails: {web: {container: "docker:web"}}
`,
    `@/jaildaemon.yml:1:15: error: unknown key "container"
  1 | jails: {web: {container: "docker:web"}}
    |               ^^^^^^^^^
    = container engines are not supported; say where its first process is with pid:
1 error.
`,
  ],
  [
    'an unknown setting',
    `jails: {}
settings: {brake: {trigers: 1}}
`,
    `@/jaildaemon.yml:2:20: error: unknown key "trigers"
  2 | settings: {brake: {trigers: 1}}
    |                    ^^^^^^^
    = did you mean "triggers"?
1 error.
`,
  ],
]);

test.run();
