import { Command } from 'commander';
import { nearest } from '../config/nearest.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import type { Signals } from '../signals.ts';
import { describeChroot } from './chroot-command.ts';
import type { ChrootOptions } from './chroot.ts';
import { COMMANDS } from './commands.ts';
import type { Common } from './common.ts';
import { createProgram, describe } from './usage.ts';
import { packageVersion } from './version.ts';

type CarryOut = (common: Common, ...given: never[]) => Promise<number>;
type Options = Readonly<Record<string, unknown>>;

/**
 * Reads the command line and carries it out. @returns the exit code
 *
 * @param inherited for `chroot`, and only for that
 */
export async function dispatch(
  argv: readonly string[],
  signals: Signals,
  inherited: readonly number[],
): Promise<number> {
  let outcome: Promise<number> | number = EXIT.ok;
  const program = createProgram().action((word: string | undefined, options: Options) => {
    if (word !== undefined) throw unknownCommand(word, program);
    outcome = withoutCommand(options, signals);
  });

  const action =
    (carryOut: CarryOut) =>
    (...args: unknown[]): void => {
      signals.release();
      refuseModes(program.opts());
      // Commander hands over the arguments, then the options, then the command itself.
      const given = args.slice(0, -1);
      const { json } = given.at(-1) as { json?: boolean };
      const { socket } = program.opts<{ socket: string }>();
      outcome = carryOut({ socket, json: Boolean(json) }, ...(given as never[]));
    };

  for (const { name, description, examples, words = [], options = [], carryOut } of COMMANDS) {
    const command = describe(program.command(name), description, examples);
    for (const [word, what] of words) command.argument(word, what);
    command.option('--json', 'print JSON for machines');
    for (const [flags, what, byDefault] of options) command.option(flags, what, byDefault);
    command.action(action(carryOut));
  }

  // Anywhere else than first, our own options would be taken out of the other command's.
  const alone = argv[0] === 'chroot';
  const chroot = alone ? new Command('jaildaemon chroot').passThroughOptions() : program.command('chroot');
  describeChroot(chroot.copyInheritedSettings(program)).action(
    action(async (_, dir: string, words: readonly string[], options: ChrootOptions) => {
      if (!alone) throw new Complaint(EXIT.usage, 'chroot must be the first word', 'jaildaemon chroot -h');
      return (await import('./chroot.ts')).chroot(dir, words, options, inherited);
    }),
  );

  if (alone) chroot.parse(argv.slice(1), { from: 'user' });
  else program.parse(argv as string[], { from: 'user' });
  return outcome;
}

/** The original's two modes: exactly one of -D and -c. */
async function withoutCommand(options: Options, signals: Signals): Promise<number> {
  const daemon =
    options['daemon'] === true || (options['foreground'] === true && options['command'] === undefined);
  if (daemon === (options['command'] !== undefined))
    throw new Complaint(
      EXIT.usage,
      'exactly one of -D and -c must be given, or a command',
      '"jaildaemon -h" lists them',
    );
  if (daemon) return (await import('./start.ts')).start(options, signals, packageVersion());
  signals.release();
  return (await import('./attach.ts')).attach(options);
}

function refuseModes({ daemon, command }: Options): void {
  if (daemon === true || command !== undefined)
    throw new Complaint(EXIT.usage, '-D and -c stand alone, without a command', '"jaildaemon -h" shows how');
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
