import {
  closeSync,
  constants,
  createReadStream,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Line } from './entry.ts';

/** How much history to keep: at most so many triggers and so many bytes, in two files. */
export interface Bounds {
  readonly triggers: number;
  readonly bytes: number;
}

/**
 * The history's files: `history.jsonl`, to which lines are added, and `history.1.jsonl`, the half before it.
 *
 * Each file holds half of the bounds, so that dropping the older one is one rename.
 */
export interface Journal {
  /** Puts the lines into the file with one write(2). @throws the system's error; then none of them counts as written */
  append(lines: readonly Line[]): void;
  setBounds(bounds: Bounds): void;
  /** Every line that can be read, oldest first; a damaged one is handed to `damaged` and skipped. */
  read(damaged?: (text: string) => void): AsyncGenerator<Line>;
  close(): void;
}

/** Opens the history of a state directory, which belongs to the daemon alone (0700). */
export function openJournal(directory: string, bounds: Bounds): Journal {
  const current = join(directory, 'history.jsonl');
  const older = join(directory, 'history.1.jsonl');
  let limits = bounds;
  let fd = openForAppend(current);
  let size = fstatSync(fd).size;
  let fired = countTriggers(current);
  /** A crash or a full disk may have left half a line: what follows must not become part of it. */
  let torn = size > 0;

  function rotate(): void {
    fsyncSync(fd);
    renameSync(current, older);
    // Until the new one is open the old descriptor goes on: a failure here costs nothing but the rotation.
    const next = openForAppend(current);
    closeSync(fd);
    fd = next;
    size = 0;
    fired = 0;
    torn = false;
  }

  return {
    append(lines) {
      if (lines.length === 0) return;
      if (size > limits.bytes / 2 || fired > limits.triggers / 2) rotate();
      const text = Buffer.from(
        `${torn ? '\n' : ''}${lines.map((line) => JSON.stringify(line)).join('\n')}\n`,
      );
      torn = true;
      for (let written = 0; written < text.length;) written += writeSync(fd, text, written);
      torn = false;
      size += text.length;
      fired += lines.filter((line) => line.t === 'fired').length;
    },
    setBounds(next) {
      limits = next;
    },
    async *read(damaged = () => {}) {
      for (const file of [older, current]) {
        if (!existsSync(file)) continue;
        for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
          if (text === '') continue;
          const line = parseLine(text);
          if (line) yield line;
          else damaged(text);
        }
      }
    },
    close() {
      closeSync(fd);
    },
  };
}

function openForAppend(path: string): number {
  return openSync(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  );
}

/** What an earlier daemon put into the file counts too. In pieces: it may be large. */
function countTriggers(path: string): number {
  const mark = Buffer.from('{"t":"fired"');
  const buffer = Buffer.alloc(65_536);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  let count = 0;
  // The end of a piece is looked at again with the next one: a mark may lie across.
  for (let at = 0, got = buffer.length; got === buffer.length; at += got - mark.length + 1) {
    got = readSync(fd, buffer, 0, buffer.length, at);
    const piece = buffer.subarray(0, got);
    for (let found = piece.indexOf(mark); found >= 0; found = piece.indexOf(mark, found + 1)) count++;
  }
  closeSync(fd);
  return count;
}

function parseLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Line;
    return (line.t === 'fired' || line.t === 'ended') && typeof line.id === 'string' ? line : undefined;
  } catch {
    return undefined; // torn by a crash, or damaged: the caller says so
  }
}
