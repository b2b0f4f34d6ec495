import { type Command, Option } from 'commander';
import { describe } from './usage.ts';

const CHROOT_EXAMPLES = `# jaildaemon chroot /srv/build                       a shell in there
# jaildaemon chroot /srv/build make -C /usr/src      one command; its exit code is ours
# jaildaemon chroot --kernel /srv/build /bin/sh      no path leads back to the host's files`;

const CHROOT_CODES = `
Exit codes: the command's own; 127 it is not there, 126 it cannot be run; 64 usage, 77 not permitted, 1 another error
of ours. A command that was killed by a signal: so are we.`;

/** Describes `chroot`, whose words are somebody else's command. */
export function describeChroot(command: Command): Command {
  return describe(command, 'run a command with another root directory, as chroot(8)', CHROOT_EXAMPLES)
    .addHelpText('after', CHROOT_CODES)
    .usage('[--kernel] [--open-directories 0|1|2] DIR [COMMAND…]')
    .argument('<dir>', 'the new root')
    .argument('[command...]', 'what to run there (default: "$SHELL" -i)')
    .option('--kernel', 'replace the root mount, so that no path leads to the old root')
    .addOption(
      new Option(
        '--open-directories <rule>',
        '0: refuse while a directory is open; 1: only under a chroot; 2: never (default: 1, with --kernel 0)',
      ).choices(['0', '1', '2']),
    );
}
