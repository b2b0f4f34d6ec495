import { read } from 'node:fs';
import { promisify } from 'node:util';
import { TRIGGER_ID } from '../keeper/trigger-id.ts';
import type { Line } from './entry.ts';

/** No line of ours is nearly so long, bytes: what is longer is damage, and is never held in memory. */
const LONGEST = 65_536;
const BLOCK = 65_536;
const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

/** What stands in the place of a line that is longer than any of ours. */
const TOO_LONG = '(a line of more than 64 KiB)';

/** The first `end` bytes of an open file. */
export interface Part {
  readonly fd: number;
  readonly end: number;
}

/** A line as it lies in the file. */
export interface FileLine {
  readonly text: string;
  /** In the file, without its newline: damage decodes to text of another length. */
  readonly bytes: number;
}

const readPiece = promisify(read);

/**
 * The lines of a file's part, a block at a time: forwards, or the last one first. A last line without its newline is
 * one too.
 */
export async function* linesIn({ fd, end }: Part, way: 'forwards' | 'backwards'): AsyncGenerator<FileLine[]> {
  const backwards = way === 'backwards';
  let rest = NOTHING;
  /** So many bytes of a line that is too long have gone by. */
  let dropped = 0;
  for (let done = 0; done < end;) {
    const length = Math.min(BLOCK, end - done);
    const block = await readExactly(fd, backwards ? end - done - length : done, length);
    if (!block) break; // somebody has cut it off
    done += length;
    const text = Buffer.concat(backwards ? [block, rest] : [rest, block]);
    const edge = backwards ? text.indexOf(NEWLINE) : text.lastIndexOf(NEWLINE);
    if (edge < 0) {
      const tooLong = dropped > 0 || text.length > LONGEST;
      if (tooLong) dropped += text.length;
      rest = tooLong ? NOTHING : text;
      continue;
    }
    const whole = backwards ? text.subarray(edge + 1) : text.subarray(0, edge);
    rest = backwards ? text.subarray(0, edge) : text.subarray(edge + 1);
    const lines = split(whole);
    if (backwards) lines.reverse();
    if (dropped > 0) lines[0] = { text: TOO_LONG, bytes: dropped + (lines[0]?.bytes ?? 0) };
    dropped = 0;
    yield lines;
  }
  if (dropped > 0) yield [{ text: TOO_LONG, bytes: dropped }];
  else if (rest.length > 0) yield split(rest);
}

function split(whole: Buffer): FileLine[] {
  const lines: FileLine[] = [];
  for (let from = 0; from <= whole.length;) {
    const newline = whole.indexOf(NEWLINE, from);
    const to = newline < 0 ? whole.length : newline;
    lines.push({ text: whole.toString('utf8', from, to), bytes: to - from });
    from = to + 1;
  }
  return lines;
}

async function readExactly(fd: number, at: number, length: number): Promise<Buffer | undefined> {
  const block = Buffer.allocUnsafe(length);
  for (let got = 0; got < length;) {
    const { bytesRead } = await readPiece(fd, block, got, length - got, at + got);
    if (bytesRead === 0) return undefined;
    got += bytesRead;
  }
  return block;
}

/** A line of the history; undefined if it is torn, damaged, or of a kind that this version does not know. */
export function parseLine(text: string): Line | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof line !== 'object' || line === null) return undefined;
  const fields = line as Readonly<Record<string, unknown>>;
  const sound = fields['t'] === 'fired' ? isFired(fields) : fields['t'] === 'ended' && isEnded(fields);
  return sound ? (line as Line) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function isFired(fields: Fields): boolean {
  return (
    isId(fields) &&
    isText(fields, 'probe', 'jail', 'instance', 'title') &&
    isTime(fields['firedAt']) &&
    (fields['by'] === 'jail' || fields['by'] === 'host')
  );
}

function isEnded(fields: Fields): boolean {
  const absentOr = (name: string, sound: (value: unknown) => boolean): boolean =>
    fields[name] === undefined || sound(fields[name]);
  const isNumber = (value: unknown): boolean => typeof value === 'number';
  const isString = (value: unknown): boolean => typeof value === 'string';
  return (
    isId(fields) &&
    isTime(fields['endedAt']) &&
    absentOr('startedAt', isTime) &&
    ['durationMs', 'exitCode', 'folded'].every((name) => absentOr(name, isNumber)) &&
    ['signal', 'stage', 'errno'].every((name) => absentOr(name, isString)) &&
    absentOr('fate', (fate) => fate === 'failed' || fate === 'unknown')
  );
}

function isId(fields: Fields): boolean {
  return typeof fields['id'] === 'string' && TRIGGER_ID.test(fields['id']);
}

function isText(fields: Fields, ...names: readonly string[]): boolean {
  return names.every((name) => typeof fields[name] === 'string');
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}
