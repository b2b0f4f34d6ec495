import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Line } from './entry.ts';
import { linesIn, parseLine, type Part } from './lines.ts';

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
  /** Every line that is there now, oldest first, some at a time; a damaged one is handed to `damaged` and skipped. */
  read(damaged?: (text: string) => void): AsyncGenerator<readonly Line[]>;
  /** The same, newest first: what came last is there at once, however much there is. */
  readBack(): AsyncGenerator<readonly Line[]>;
  close(): void;
}

/** Opens the history of a state directory, which belongs to the daemon alone (0700). */
export function openJournal(directory: string, bounds: Bounds): Journal {
  const current = join(directory, 'history.jsonl');
  const older = join(directory, 'history.1.jsonl');
  let limits = bounds;
  let fd = -1;
  let size = 0;
  let fired = 0;
  /** A crash or a full disk may have left half a line: what follows must not become part of it. */
  let torn = false;
  begin();

  /** Until the new one is open the old descriptor goes on: a failure here costs nothing. */
  function begin(): void {
    const next = openForAppend(current);
    if (fd !== -1) closeSync(fd);
    fd = next;
    size = fstatSync(fd).size;
    fired = countTriggers(current);
    torn = size > 0;
  }

  /** Somebody may have taken the file away, or its directory, or a rotation may have got no further than the rename. */
  function isInPlace(): boolean {
    const there = statSync(current, { throwIfNoEntry: false });
    const ours = fstatSync(fd);
    return there?.ino === ours.ino && there.dev === ours.dev;
  }

  function beginAgain(): void {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    begin();
  }

  function rotate(): void {
    fsyncSync(fd);
    renameSync(current, older);
    begin();
  }

  function write(text: Buffer): void {
    try {
      for (let written = 0; written < text.length;) written += writeSync(fd, text, written);
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** What will be tried again and again must not fill the little room that there is with its first half. */
  function takeBack(): void {
    try {
      ftruncateSync(fd, size);
    } catch {
      torn = true; // then the half stays, and is a damaged line
    }
  }

  async function* readAll(
    way: 'forwards' | 'backwards',
    damaged: (text: string) => void,
  ): AsyncGenerator<readonly Line[]> {
    // Both at once, before anything is waited for: a rotation may come at any time.
    const files = [older, current].flatMap((path) => openForReading(path) ?? []);
    if (way === 'backwards') files.reverse();
    try {
      for (const file of files) {
        for await (const texts of linesIn(file, way)) {
          yield texts.flatMap((text) => {
            const line = text === '' ? undefined : parseLine(text);
            if (text !== '' && !line) damaged(text);
            return line ?? [];
          });
        }
      }
    } finally {
      for (const { fd } of files) closeSync(fd);
    }
  }

  return {
    append(lines) {
      if (lines.length === 0) return;
      if (!isInPlace()) beginAgain();
      const triggers = lines.filter((line) => line.t === 'fired').length;
      const body = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
      const full = size + body.length > limits.bytes / 2 || fired + triggers > limits.triggers / 2;
      if (full && size > 0) rotate();
      const text = Buffer.from(torn ? `\n${body}` : body);
      write(text);
      torn = false;
      size += text.length;
      fired += triggers;
    },
    setBounds(next) {
      limits = next;
    },
    read: (damaged = () => {}) => readAll('forwards', damaged),
    readBack: () => readAll('backwards', () => {}),
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

/** As it is now: what is appended later is not part of it. */
function openForReading(path: string): Part | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return { fd, end: fstatSync(fd).size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
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
