import type { Line } from '../../src/history/entry.ts';
import type { Journal } from '../../src/history/journal.ts';
import type { Bounds } from '../../src/history/shorten.ts';

export const WIDE: Bounds = { triggers: 1_000_000, bytes: 1 << 30 };

export function idOf(n: number, epoch = '0123abcd'): string {
  return `${epoch}-${n}`;
}

export function fired(n: number, probe = 'web/BUTTON'): Extract<Line, { t: 'fired' }> {
  const firedAt = new Date(1_800_000_000_000 + n).toISOString();
  return { t: 'fired', id: idOf(n), probe, jail: 'web', instance: 'i', title: 'BUTTON', firedAt, by: 'jail' };
}

export function ended(n: number): Extract<Line, { t: 'ended' }> {
  const endedAt = new Date(1_800_000_001_000 + n).toISOString();
  return { t: 'ended', id: idOf(n), endedAt, durationMs: 3, exitCode: 0 };
}

/** All lines, oldest first. */
export async function read(journal: Journal, damaged: string[] = []): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const block of journal.read((text) => damaged.push(text))) lines.push(...block);
  return lines;
}

/** The same from the other end. */
export async function readBack(journal: Journal): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const block of journal.readBack()) lines.push(...block);
  return lines.toReversed();
}

export async function* blocks(...lines: readonly Line[]): AsyncGenerator<readonly Line[]> {
  yield lines;
}
