import { DEFAULTS } from '../defaults.ts';
import type { Common } from './common.ts';

/** A command of ours, in words. All of them know `--json`. */
export interface Subcommand {
  readonly name: string;
  readonly description: string;
  readonly examples: string;
  /** `<needed>` or `[optional]`, and what it is. */
  readonly words?: readonly (readonly [word: string, description?: string])[];
  readonly options?: readonly (readonly [flags: string, description: string, byDefault?: string])[];
  /** Given the words, then the options. It imports the command's file: only the one that was asked for is read. */
  readonly carryOut: (common: Common, ...given: never[]) => Promise<number>;
}

const GLOB = [['[glob]', 'JAIL/PROBE, or JAIL']] as const;

/** All but `chroot`, whose words are not ours to read, in the order of the help. */
export const COMMANDS: readonly Subcommand[] = [
  {
    name: 'check',
    description: 'validate the configuration; needs no daemon and no root',
    examples: '$ jaildaemon check\n$ jaildaemon check ./new.yml --json',
    words: [['[file]', `the configuration (default: ${DEFAULTS.config})`]],
    options: [['--print', 'print what it comes to, every default filled in']],
    carryOut: async (_, file: string | undefined, options: { json?: boolean; print?: boolean }) =>
      (await import('./check.ts')).check(file, options),
  },
  {
    name: 'plan',
    description: 'show what a reload would do, probe by probe',
    examples: '# jaildaemon plan\n# jaildaemon plan ./new.yml --detailed-exitcode',
    words: [['[file]', 'another configuration than the daemon’s']],
    options: [['--detailed-exitcode', 'exit 2 when there are changes']],
    carryOut: async (common, file: string | undefined, options: { detailedExitcode?: boolean }) =>
      (await import('./plan.ts')).plan(common, file, options),
  },
  {
    name: 'reload',
    description: 'read the configuration now and say what changed; fails if that failed',
    examples: '# jaildaemon reload',
    options: [['--detailed-exitcode', 'exit 2 when something changed']],
    carryOut: async (common, options: { detailedExitcode?: boolean }) =>
      (await import('./plan.ts')).reload(common, options),
  },
  {
    name: 'status',
    description:
      'every probe and its state; exit 3 when something is wrong: a probe, the file, the keeper, the history',
    examples: '# jaildaemon status\n# jaildaemon status "db-*"\n# jaildaemon status web/ZFS_SNAPSHOT --json',
    words: GLOB,
    carryOut: async (common, glob: string | undefined) => (await import('./status.ts')).status(common, glob),
  },
  {
    name: 'jails',
    description: 'the jails that run, as jaildaemon sees them',
    examples: '# jaildaemon jails',
    carryOut: async (common) => (await import('./jails.ts')).jails(common),
  },
  {
    name: 'history',
    description: 'triggers and how they ended',
    examples: '# jaildaemon history -n 100\n# jaildaemon history web --follow',
    words: GLOB,
    options: [
      ['-n, --count <count>', 'so many of the newest', '20'],
      ['--follow', 'go on with what comes'],
    ],
    carryOut: async (
      common,
      glob: string | undefined,
      options: { readonly count: string; readonly follow?: boolean },
    ) => (await import('./history.ts')).history(common, glob, options),
  },
  {
    name: 'output',
    description: 'what a trigger’s command printed',
    examples: '# jaildaemon output 5f3a09c1-42',
    words: [['<id>', 'a trigger’s id, see history']],
    carryOut: async (common, id: string) => (await import('./output.ts')).output(common, id),
  },
  {
    name: 'trigger',
    description: 'fire an armed probe from the host',
    examples: '# jaildaemon trigger web ZFS_SNAPSHOT --wait',
    words: [['<jail>'], ['<title>']],
    options: [['--wait', 'wait for the command to end; exit 1 if it failed']],
    carryOut: async (common, jail: string, title: string, options: { wait?: boolean }) =>
      (await import('./trigger.ts')).trigger(common, jail, title, options),
  },
  {
    name: 'remove',
    description: 'take an ad hoc probe away',
    examples: '# jaildaemon remove adhoc/3',
    words: [['<id>', 'as -c printed it, see status']],
    carryOut: async (common, id: string) => (await import('./remove.ts')).remove(common, id),
  },
  {
    name: 'doctor',
    description:
      'look at probes, files, commands and jails for what is dangerous or unwise; exit 1 if something is',
    examples: '# jaildaemon doctor\n# jaildaemon doctor --json',
    carryOut: async (common) => (await import('./doctor.ts')).doctor(common),
  },
  {
    name: 'upgrade',
    description: 'start the daemon anew, from the program that this is; nothing is disarmed',
    examples: `# jaildaemon upgrade                                 after another version was installed
# jaildaemon upgrade --keeper                        the keeper too, though its protocol is the same: probe by probe`,
    options: [['--keeper', 'replace the keeper too: its probes move to a new one, its commands finish']],
    carryOut: async (common, options: { keeper?: boolean }) =>
      (await import('./upgrade.ts')).upgrade(common, options),
  },
  {
    name: 'stop',
    description: 'take every probe away, let commands finish, and end the daemon',
    examples: '# jaildaemon stop',
    carryOut: async (common) => (await import('./stop.ts')).stop(common),
  },
];
