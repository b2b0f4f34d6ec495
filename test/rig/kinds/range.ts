import { readFileSync } from 'node:fs';

/** The host's uid and gid that a jail's root is mapped to. */
export const RANGE_START = 100_000;

/** Why root may not map the range that the stories use; undefined when it may. */
export function noRange(): string | undefined {
  const lacking = ['/etc/subuid', '/etc/subgid'].filter((file) => !maps(file));
  return lacking.length === 0 ? undefined : `no line root:${RANGE_START}:65536 in ${lacking.join(' and ')}`;
}

function maps(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').split('\n').includes(`root:${RANGE_START}:65536`);
  } catch {
    return false; // no such file: no range
  }
}
