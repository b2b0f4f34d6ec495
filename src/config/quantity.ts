/** The longest duration of the file, 576h: what fits into a timer of 31 bits. */
export const longest = 576 * 3_600_000;

const units = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const multiples = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

/** Milliseconds of a duration such as `1h30m`, which the schema's pattern has let through. */
export function parseDuration(text: string): number {
  return Array.from(text.matchAll(/(\d+)(ms|h|m|s)/g)).reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units],
    0,
  );
}

/** Bytes of a size such as `64MiB`, which the schema's pattern has let through. */
export function parseSize(size: number | string): number {
  if (typeof size === 'number') return size;
  const [, count, multiple] = /^(\d+)(\w*)$/.exec(size) ?? [];
  return Number(count) * multiples[multiple as keyof typeof multiples];
}
