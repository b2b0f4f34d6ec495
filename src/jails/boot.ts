/**
 * The first 8 digits of the id that FreeBSD 13 and later give each boot, from `sysctl -b kern.boot_id` (16 bytes); undefined
 * where there is none. Better than the time of the boot, which a step of the clock moves.
 */
export function parseBootId(printed: Buffer): string | undefined {
  return printed.length === 16 ? printed.toString('hex', 0, 4) : undefined;
}

/** The second of the boot, from `sysctl -n kern.boottime`: `{ sec = 1700000000, usec = 123456 } Tue Nov 14 …`. */
export function parseBootTime(printed: Buffer): string | undefined {
  return /\bsec = (\d+)/.exec(printed.toString('latin1'))?.[1];
}
