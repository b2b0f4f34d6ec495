import type { JailConfig, ProbeConfig } from './config.ts';
import type { Objection } from './objection.ts';

/** Command lines that a jail or its host is likely to have. */
const LIKELY = [
  '/sbin/init',
  '/usr/lib/systemd/systemd',
  '/usr/sbin/sshd -D',
  '/usr/sbin/cron -f',
  '/usr/sbin/syslogd -s',
  'nginx: master process /usr/sbin/nginx',
  '/usr/local/sbin/httpd',
  '/usr/sbin/apache2 -k start',
  'postgres: checkpointer',
  '/usr/sbin/mysqld',
  'redis-server *:6379',
  'php-fpm: pool www',
  '/usr/bin/python3',
  'java -jar',
  '/usr/local/bin/node /usr/local/bin/jaildaemon -D --foreground',
  'keeper /var/db/jaildaemon',
  '-bash',
];

/** Above that many probes of one jail only titles that begin alike are compared. */
const COMPARED_ALL = 300;

/** More pairs of one jail are only counted. */
const PAIRS_TOLD = 3;

/**
 * Warnings for titles with which `pkill -HUP -f TITLE` does something else than it looks like: its argument is a
 * regular expression, and reaches every process in whose command line it is found.
 */
export function findUnwiseTitles(jails: readonly JailConfig[]): Objection[] {
  return jails.flatMap((jail) => {
    const probes = jail.probes.filter(({ enabled }) => enabled);
    return [
      ...probes.flatMap((probe) => [
        ...checkOption(jail, probe),
        ...checkPattern(jail, probe),
        ...checkLikely(jail, probe),
      ]),
      ...tellPairs(jail, pairs(probes)),
    ];
  });
}

/** Numbered titles come in hundreds: the first of a jail say it. */
function tellPairs(jail: JailConfig, found: readonly (readonly [ProbeConfig, ProbeConfig])[]): Objection[] {
  return found.slice(0, PAIRS_TOLD).map(([probe, other], index) => {
    const more = index === PAIRS_TOLD - 1 ? found.length - PAIRS_TOLD : 0;
    return warning(
      jail,
      probe,
      'title-within',
      `pkill -f ${JSON.stringify(probe.title)} also reaches ${JSON.stringify(other.title)} of this jail` +
        (more > 0 ? `; it is so with ${more} titles more` : ''),
      `inside, ask by ${ask(`^${escape(probe.title)}$`)}, or give them titles that are not parts of each other`,
    );
  });
}

/** `--help` does nothing and says 0; `-u0` means everybody who is root there. */
function checkOption(jail: JailConfig, probe: ProbeConfig): Objection[] {
  if (!probe.title.startsWith('-')) return [];
  const message = `pkill -f takes the title ${JSON.stringify(probe.title)} for an option of its own`;
  const hint = `give it a title that does not begin with "-", or ask inside by ${ask(`^${escape(probe.title)}$`)}`;
  return [warning(jail, probe, 'title-option', message, hint)];
}

function checkPattern(jail: JailConfig, probe: ProbeConfig): Objection[] {
  if (!/[\\^$*+?()[\]{}|]/.test(probe.title)) return [];
  const message = `the title ${JSON.stringify(probe.title)} is a pattern to pkill -f, which does not mean itself`;
  // What would be taken for an option is so no more from the `^` on.
  const pattern = probe.title.startsWith('-') ? `^${escape(probe.title)}` : escape(probe.title);
  return [warning(jail, probe, 'title-pattern', message, `inside, ask by ${ask(pattern)}`)];
}

function checkLikely(jail: JailConfig, probe: ProbeConfig): Objection[] {
  const other = LIKELY.find((line) => line.includes(probe.title));
  if (other === undefined) return [];
  const message = `pkill -f ${JSON.stringify(probe.title)} also reaches processes such as ${JSON.stringify(other)}`;
  return [
    warning(
      jail,
      probe,
      'title-common',
      message,
      'give it a title that no program has, such as ZFS_SNAPSHOT',
    ),
  ];
}

/** Titles that are found in other titles. */
function pairs(probes: readonly ProbeConfig[]): [ProbeConfig, ProbeConfig][] {
  if (probes.length > COMPARED_ALL) {
    const sorted = probes.toSorted((a, b) => (a.title < b.title ? -1 : 1));
    return sorted.flatMap((probe, index): [ProbeConfig, ProbeConfig][] => {
      const next = sorted[index + 1];
      return next?.title.startsWith(probe.title) ? [[probe, next]] : [];
    });
  }
  return probes.flatMap((probe): [ProbeConfig, ProbeConfig][] => {
    const other = probes.find(({ title }) => title !== probe.title && title.includes(probe.title));
    return other ? [[probe, other]] : [];
  });
}

/** What to type inside, into a shell. */
function ask(pattern: string): string {
  return `pkill -HUP -f '${pattern.replaceAll("'", "'\\''")}'`;
}

function escape(title: string): string {
  return title.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function warning(
  jail: JailConfig,
  { key, title, origin }: ProbeConfig,
  code: string,
  message: string,
  hint: string,
): Objection {
  const path = ['jails', jail.name, 'probes', key];
  const severity = 'warning';
  // Where the title is the key there is no `title:` to point at.
  if (title === key) return { file: origin.file, path, part: 'key', code, severity, message, hint };
  return { file: origin.file, path: [...path, 'title'], part: 'value', code, severity, message, hint };
}
