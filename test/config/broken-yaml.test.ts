// What is no YAML, or YAML that a configuration does not need.
import { test } from 'uvu';
import { probe, tellsAll } from './broken.ts';

tellsAll([
  [
    'a bracket that is not closed',
    `jails: {web: {probes: {A: {command: x}}}
`,
    `@/jaildaemon.yml:1:41: error: a closing } is missing
  1 | jails: {web: {probes: {A: {command: x}}}
    |                                         ^
    = here, or on one of the lines above
1 error.
`,
  ],
  [
    'a tab as indentation',
    `jails:
	web: {}
`,
    `@/jaildaemon.yml:2:1: error: a tab in the indentation
  2 |  web: {}
    | ^
    = YAML is indented with spaces
1 error.
`,
  ],
  [
    'a key that is not in line',
    `jails:
  web:
    pid: 1
   chroot: /a
`,
    `@/jaildaemon.yml:4:1: error: all mapping items must start at the same column
  4 |    chroot: /a
    | ^
    = keys of one mapping begin in the same column: check the spaces at the start of this line
1 error.
`,
  ],
  [
    'a colon in a plain value',
    probe('command: echo a: b'),
    `@/jaildaemon.yml:5:18: error: a second colon in a value without quotes
  5 |         command: echo a: b
    |                  ^
    = a value that contains ": " must be in quotes
1 error.
`,
  ],
  [
    'a quote that is not closed',
    probe('command: "echo'),
    `@/jaildaemon.yml:5:23: error: a closing " is missing
  5 |         command: "echo
    |                       ^
    = here, or on one of the lines above
1 error.
`,
  ],
  [
    'an escape that is none',
    probe('command: "a\\qb"'),
    `@/jaildaemon.yml:5:20: error: invalid escape sequence \\q
  5 |         command: "a\\qb"
    |                    ^
    = in double quotes a backslash begins an escape: write \\\\, or use single quotes
1 error.
`,
  ],
  [
    'a tag',
    probe('command: !!binary aGVsbG8='),
    `@/jaildaemon.yml:5:18: error: the tag !!binary is not known here
  5 |         command: !!binary aGVsbG8=
    |                  ^^^^^^^^
    = take it out
1 error.
`,
  ],
  [
    'a key that is a list',
    `jails: {[a]: {}}
`,
    `@/jaildaemon.yml:1:9: error: a key must be a plain word
  1 | jails: {[a]: {}}
    |         ^
1 error.
`,
  ],
  [
    'two documents',
    `jails: {}
---
jails: {}
`,
    `@/jaildaemon.yml:2:1: error: there is a second document in this file
  2 | ---
    | ^^^
    = use include for further files, and take the --- out
1 error.
`,
  ],
  [
    'an alias of nothing',
    probe('command: *no'),
    `@/jaildaemon.yml:5:18: error: nothing above is marked &no
  5 |         command: *no
    |                  ^^^
1 error.
`,
  ],
  [
    'an alias that contains itself',
    `jails: {}
x-a: &a [*a]
`,
    `@/jaildaemon.yml:2:10: error: *a contains itself
  2 | x-a: &a [*a]
    |          ^^
1 error.
`,
  ],
  [
    'a merge of something else',
    probe('<<: 3', 'command: x'),
    `@/jaildaemon.yml:5:9: error: << must be followed by a mapping, such as *common
  5 |         <<: 3
    |         ^^
1 error.
`,
  ],
  [
    'the name __proto__',
    `jails: {__proto__: {}}
`,
    `@/jaildaemon.yml:1:9: error: this name cannot be used
  1 | jails: {__proto__: {}}
    |         ^^^^^^^^^
1 error.
`,
  ],
]);

test.run();
