import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { nearest } from '../config/nearest.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { DEFAULTS } from '../defaults.ts';
import { printable } from '../printable.ts';
import type { Signals } from '../signals.ts';
import type { ChrootOptions } from './chroot.ts';

/** Options that every command has. */
export interface Common {
  readonly socket: string;
  readonly json: boolean;
}

const EXAMPLES = `
Examples:
  # jaildaemon -D                                      start; keep the jails as /usr/local/etc/jaildaemon.yml wants them
  # jaildaemon check && jaildaemon plan                look before you reload
  # jaildaemon reload                                  take the file over now, and see what changed
  # jaildaemon -c 'zfs snapshot jails/web' -j web -r -t ZFS_SNAPSHOT
                                                       one more probe, without the file
  in the jail: # pkill -HUP -f ZFS_SNAPSHOT            ask for it
  # jaildaemon history --follow                        watch who asks

Exit codes are sysexits(3): 0 done, 1 failed, 64 usage, 69 no daemon, 75 busy, 77 not permitted, 78 bad configuration.
See jaildaemon(8) and jaildaemon.yml(5).`;

const CHROOT_EXAMPLES = `# jaildaemon chroot /srv/build                       a shell in there
# jaildaemon chroot /srv/build make -C /usr/src      one command; its exit code is ours
# jaildaemon chroot --kernel /srv/build /bin/sh      nothing of the host's file system is left to return to`;

const CHROOT_CODES = `
Exit codes: the command's own; 127 it is not there, 126 it cannot be run; 64 usage, 77 not permitted, 1 another error
of ours. A command that was killed by a signal: so are we.`;

/** This package's version. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Reads the command line, carries it out and sets the exit code. `inherited`: for `chroot`, and only for that. */
export async function run(
  argv: readonly string[],
  signals: Signals,
  inherited: readonly number[],
): Promise<void> {
  process.stdout.on('error', endWithoutReader);
  process.stderr.on('error', () => {}); // nobody is left to be told
  try {
    process.exitCode = await dispatch(argv, signals, inherited);
  } catch (error) {
    process.exitCode = complain(error);
  }
}

/** The reader has left (`| head`), which is its right; or there is no room where the output goes. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.ok);
  process.stderr.write(`jaildaemon: cannot write the output: ${error.code ?? error.message}\n`);
  process.exit(EXIT.failed);
}

/** Tells an error on stderr: what and why, and what to do next. @returns its exit code */
function complain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (!(error instanceof Complaint)) throw error;
  process.stderr.write(
    `jaildaemon: ${printable(error.message)}\n${error.hint === undefined ? '' : `  ${printable(error.hint)}\n`}`,
  );
  return error.code;
}

function unknownCommand(word: string, program: Command): Complaint {
  const meant = nearest(
    word,
    program.commands.map((command) => command.name()),
  );
  return new Complaint(
    EXIT.usage,
    `there is no command ${JSON.stringify(word)}`,
    meant === undefined ? '"jaildaemon -h" lists them' : `did you mean "${meant}"?`,
  );
}

async function dispatch(
  argv: readonly string[],
  signals: Signals,
  inherited: readonly number[],
): Promise<number> {
  let outcome: Promise<number> | number = EXIT.ok;
  const program = new Command('jaildaemon');
  /** Imports the command's file only when it is the one that was asked for. */
  const action =
    (carryOut: (common: Common, ...args: never[]) => Promise<number>) =>
    (...args: unknown[]): void => {
      signals.release();
      // Commander hands over the arguments, then the options, then the command itself.
      const own = args.slice(0, -1);
      const {
        socket,
        daemon,
        command: toAttach,
      } = program.opts<{ socket: string } & Record<string, unknown>>();
      if (daemon === true || toAttach !== undefined)
        throw new Complaint(
          EXIT.usage,
          '-D and -c stand alone, without a command',
          '"jaildaemon -h" shows how',
        );
      outcome = carryOut(
        { socket, json: Boolean((own.at(-1) as { json?: boolean }).json) },
        ...(own as never[]),
      );
    };
  const describe = (command: Command, description: string, examples: string): Command =>
    command.description(description).addHelpText('after', `\nExamples:\n${examples.replace(/^/gm, '  ')}`);
  const command = (text: string, description: string, examples: string): Command =>
    describe(program.command(text), description, examples);
  const json = (): Option => new Option('--json', 'print JSON for machines');

  program
    .description('Lets a jail ask its host for a few fixed actions, and for nothing else.')
    .usage('-D [options]\n       jaildaemon -c command -j jail [options]\n       jaildaemon COMMAND')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help; "jaildaemon COMMAND -h" that of a command')
    .helpCommand(false)
    .option('-f, --socket <ipcsockpath>', 'the control socket', DEFAULTS.socket)
    .option('-D, --daemon', 'start the daemon; returns when it is ready, or says why it is not')
    .option(
      '-p, --pidfile <pidfile>',
      `with -D: where the daemon writes its pid (default: ${DEFAULTS.pidfile})`,
    )
    .option('--config <file>', `with -D: the configuration (default: ${DEFAULTS.config})`)
    .option('--state <dir>', `with -D: what must outlive the daemon (default: ${DEFAULTS.state})`)
    .option('--foreground', 'with -D or alone: do not detach, for systemd and containers')
    .option(
      '--log <target>',
      `with -D: a file, "syslog" or "stderr" (default: ${DEFAULTS.log}; in the foreground stderr)`,
    )
    .addOption(new Option('--log-format <format>', 'with -D').choices(['text', 'json']).default('text'))
    .addOption(new Option('--ready-fd <fd>').hideHelp())
    .option('-c, --command <command>', 'put a probe into a running jail that runs this command on the host')
    .option(
      '-j, --jail <jail>',
      'with -c: a name of the file; a name, jid or path of the system’s; on Linux a pid',
    )
    .option('-r, --respawn', 'with -c: a new probe when the command has ended')
    .option('-R, --respawn-immediately', 'with -c: a new probe at once')
    .option('-u, --uid <uid>', 'with -c: who, besides root, may trigger it inside (default: 0)')
    .option('-g, --gid <gid>', 'with -c: the probe’s group (default: the uid’s number)')
    .option('-t, --title <proctitle>', 'with -c: what ps(1) shows inside (default: jaildaemon:N)')
    .addHelpText('after', EXAMPLES)
    .argument('[command]')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        const lines = text
          .replace(/^error: /, '')
          .trimEnd()
          .split('\n');
        write(`jaildaemon: ${lines.map((line) => printable(line)).join('\n  ')}\n`);
      },
    })
    .action((word: string | undefined, options: Record<string, unknown>) => {
      if (word !== undefined) throw unknownCommand(word, program);
      outcome = withoutCommand(options);
    });

  command(
    'check',
    'validate the configuration; needs no daemon and no root',
    '$ jaildaemon check\n$ jaildaemon check ./new.yml --json',
  )
    .argument('[file]', `the configuration (default: ${DEFAULTS.config})`)
    .addOption(json())
    .option('--print', 'print what it comes to, every default filled in')
    .action(
      action(async (_, file: string | undefined, options: { json?: boolean; print?: boolean }) =>
        (await import('./check.ts')).check(file, options),
      ),
    );
  command(
    'plan',
    'show what a reload would do, probe by probe',
    '# jaildaemon plan\n# jaildaemon plan ./new.yml --detailed-exitcode',
  )
    .argument('[file]', 'another configuration than the daemon’s')
    .addOption(json())
    .option('--detailed-exitcode', 'exit 2 when there are changes')
    .action(
      action(async (common, file: string | undefined, options: { detailedExitcode?: boolean }) =>
        (await import('./plan.ts')).plan(common, file, options),
      ),
    );
  command(
    'reload',
    'read the configuration now and say what changed; fails if that failed',
    '# jaildaemon reload',
  )
    .addOption(json())
    .option('--detailed-exitcode', 'exit 2 when something changed')
    .action(
      action(async (common, options: { detailedExitcode?: boolean }) =>
        (await import('./plan.ts')).reload(common, options),
      ),
    );
  command(
    'status',
    'every probe and its state; exit 3 when one has failed or the file is in error',
    '# jaildaemon status\n# jaildaemon status "db-*"\n# jaildaemon status web/ZFS_SNAPSHOT --json',
  )
    .argument('[glob]', 'JAIL/PROBE, or JAIL')
    .addOption(json())
    .action(
      action(async (common, glob: string | undefined) => (await import('./status.ts')).status(common, glob)),
    );
  command('jails', 'the jails that run, as jaildaemon sees them', '# jaildaemon jails')
    .addOption(json())
    .action(action(async (common) => (await import('./jails.ts')).jails(common)));
  command(
    'history',
    'triggers and how they ended',
    '# jaildaemon history -n 100\n# jaildaemon history web --follow',
  )
    .argument('[glob]', 'JAIL/PROBE, or JAIL')
    .addOption(json())
    .option('-n, --count <count>', 'so many of the newest', '20')
    .option('--follow', 'go on with what comes')
    .action(
      action(async (common, glob: string | undefined, options: { count: string; follow?: boolean }) =>
        (await import('./history.ts')).history(common, glob, options),
      ),
    );
  command('output', 'what a trigger’s command printed', '# jaildaemon output 5f3a09c1-42')
    .argument('<id>', 'a trigger’s id, see history')
    .addOption(json())
    .action(action(async (common, id: string) => (await import('./output.ts')).output(common, id)));
  command('trigger', 'fire an armed probe from the host', '# jaildaemon trigger web ZFS_SNAPSHOT --wait')
    .argument('<jail>')
    .argument('<title>')
    .addOption(json())
    .option('--wait', 'wait for the command to end; exit 1 if it failed')
    .action(
      action(async (common, jail: string, title: string, options: { wait?: boolean }) =>
        (await import('./trigger.ts')).trigger(common, jail, title, options),
      ),
    );
  command('remove', 'take an ad hoc probe away', '# jaildaemon remove adhoc/3')
    .argument('<id>', 'as -c printed it, see status')
    .addOption(json())
    .action(action(async (common, id: string) => (await import('./remove.ts')).remove(common, id)));
  command(
    'doctor',
    'look at probes, files, commands and jails for what is dangerous or unwise; exit 1 if something is',
    '# jaildaemon doctor\n# jaildaemon doctor --json',
  )
    .addOption(json())
    .action(action(async (common) => (await import('./doctor.ts')).doctor(common)));
  command(
    'upgrade',
    'start the daemon anew, from the program that this is; nothing is disarmed',
    `# jaildaemon upgrade                                 after another version was installed
# jaildaemon upgrade --keeper                        the keeper too, though its protocol is the same: probe by probe`,
  )
    .addOption(json())
    .option('--keeper', 'replace the keeper too: its probes move to a new one, its commands finish')
    .action(
      action(async (common, options: { keeper?: boolean }) =>
        (await import('./upgrade.ts')).upgrade(common, options),
      ),
    );
  command('stop', 'take every probe away, let commands finish, and end the daemon', '# jaildaemon stop')
    .addOption(json())
    .action(action(async (common) => (await import('./stop.ts')).stop(common)));
  const alone = argv[0] === 'chroot';
  const chroot = alone ? new Command('jaildaemon chroot').passThroughOptions() : program.command('chroot');
  describe(
    chroot.copyInheritedSettings(program),
    'run a command with another root directory, as chroot(8)',
    CHROOT_EXAMPLES,
  )
    .addHelpText('after', CHROOT_CODES)
    .usage('[--kernel] [--open-directories 0|1|2] DIR [COMMAND…]')
    .argument('<dir>', 'the new root')
    .argument('[command...]', 'what to run there (default: "$SHELL" -i)')
    .option('--kernel', 'replace the root mount, so that the old root is out of reach')
    .addOption(
      new Option(
        '--open-directories <rule>',
        '0: refuse while a directory is open; 1: only under a chroot; 2: never (default: 1, with --kernel 0)',
      ).choices(['0', '1', '2']),
    )
    .action(
      action(async (_, dir: string, words: readonly string[], options: ChrootOptions) => {
        // Anywhere else our own options would be taken out of the command's.
        if (!alone) throw new Complaint(EXIT.usage, 'chroot must be the first word', 'jaildaemon chroot -h');
        return (await import('./chroot.ts')).chroot(dir, words, options, inherited);
      }),
    );

  if (alone) chroot.parse(argv.slice(1), { from: 'user' });
  else program.parse(argv as string[], { from: 'user' });
  return outcome;

  /** The original's two modes: exactly one of -D and -c. */
  async function withoutCommand(options: Record<string, unknown>): Promise<number> {
    const daemon =
      options['daemon'] === true || (options['foreground'] === true && options['command'] === undefined);
    if (daemon === (options['command'] !== undefined)) {
      throw new Complaint(
        EXIT.usage,
        'exactly one of -D and -c must be given, or a command',
        '"jaildaemon -h" lists them',
      );
    }
    if (daemon) return (await import('./start.ts')).start(options, signals, packageVersion());
    signals.release();
    return (await import('./attach.ts')).attach(options);
  }
}
