import { Command, Option } from 'commander';
import { DEFAULTS } from '../defaults.ts';
import { printable } from '../printable.ts';
import { packageVersion } from './version.ts';

const EXAMPLES = `
Examples:
  # jaildaemon -D                                      start; keep the jails as /usr/local/etc/jaildaemon.yml wants them
  # jaildaemon check && jaildaemon plan                look before you reload
  # jaildaemon reload                                  take the file over now, and see what changed
  # jaildaemon -c 'zfs snapshot jails/web' -j web -r -t ZFS_SNAPSHOT
                                                       one more probe, without the file
  in the jail: # pkill -HUP -f ZFS_SNAPSHOT            ask for it
  # jaildaemon history --follow                        watch who asks

Exit codes are sysexits(3): 0 done, 1 failed, 2 changes (--detailed-exitcode),
3 something is wrong (status), 64 usage, 69 no daemon, 75 busy, 77 not permitted, 78 bad configuration.
See jaildaemon(8) and jaildaemon.yml(5).`;

/** The program itself, in words: the original's two modes, and what its errors look like. */
export function createProgram(): Command {
  return new Command('jaildaemon')
    .description('Lets a jail ask its host for a few fixed actions, and for nothing else.')
    .usage('-D [options]\n       jaildaemon -c command -j jail [options]\n       jaildaemon COMMAND')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help; "jaildaemon COMMAND -h" that of a command')
    .helpCommand(false)
    .option('-f, --socket <ipcsockpath>', 'the control socket, for every command', DEFAULTS.socket)
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
        // It may have guessed what was meant.
        if (lines.length === 1)
          lines.push('"jaildaemon -h" shows how, "jaildaemon COMMAND -h" for a command');
        write(`jaildaemon: ${lines.map((line) => printable(line)).join('\n  ')}\n`);
      },
    });
}

/** With examples below its help. */
export function describe(command: Command, description: string, examples: string): Command {
  return command
    .description(description)
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', `\nExamples:\n${examples.replace(/^/gm, '  ')}`);
}
