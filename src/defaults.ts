/** Where things are unless the command line says otherwise. */
export const DEFAULTS = {
  config: '/usr/local/etc/jaildaemon.yml',
  state: '/var/db/jaildaemon',
  socket: '/var/run/jaildaemon.pipe',
  pidfile: '/var/run/jaildaemon.pid',
  log: '/var/log/jaildaemon.log',
} as const;
