import { createHash } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Settings } from '../config/config.ts';
import type { Host } from '../plan/definition.ts';

/** What definitions need of this machine. */
export function defineHost(settings: Settings): Host {
  const { username, homedir, shell } = userInfo();
  return {
    digest: (text) => createHash('sha1').update(text).digest('hex').slice(0, 16),
    outputBytes: settings.output.each,
    user: { name: username, home: homedir, shell: shell ?? '/bin/sh' },
  };
}
