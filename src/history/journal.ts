import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Line } from './entry.ts';
import { countTriggers, openForAppend, openForReading } from './journal-file.ts';
import { linesIn, parseLine, type Part } from './lines.ts';
import { shorten, type Bounds } from './shorten.ts';

/**
 * The history's files: `history.jsonl`, to which lines are added, and `history.1.jsonl`, the half before it.
 *
 * Each file holds half of the bounds, so that dropping the older one is one rename.
 */
export interface Journal {
  /** Puts the lines into the file with one write(2). @throws the system's error; then none of them counts as written */
  append(lines: readonly Line[]): void;
  /** Holds from now on; where it is less than before, what is too much goes at once, the oldest first. @throws the system's error */
  setBounds(bounds: Bounds): Promise<void>;
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
  /** What the files have been cut to; an earlier daemon may have had other bounds. */
  let held: Bounds = { triggers: Infinity, bytes: Infinity };
  let shortening = Promise.resolve();
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

  function isOver(bytes: number, triggers: number): boolean {
    const most = halfOf(limits);
    return bytes > most.bytes || triggers > most.triggers;
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
    const files: Part[] = [];
    try {
      // Both at once, before anything is waited for: a rotation may come at any time.
      for (const path of [older, current]) files.push(...openForReading(path));
      if (way === 'backwards') files.reverse();
      for (const file of files) {
        for await (const lines of linesIn(file, way)) {
          yield lines.flatMap(({ text }) => {
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
      if (size > 0 && isOver(size + body.length, fired + triggers)) rotate();
      const text = Buffer.from(torn ? `\n${body}` : body);
      write(text);
      torn = false;
      size += text.length;
      fired += triggers;
    },
    async setBounds(next) {
      const less = next.bytes < held.bytes || next.triggers < held.triggers;
      limits = held = next;
      if (!less) return;
      if (isOver(size, fired)) rotate();
      const most = halfOf(next);
      const earlier = shortening.catch(() => {}); // told to who asked for it
      await (shortening = earlier.then(() => shorten(older, most)));
    },
    read: (damaged = () => {}) => readAll('forwards', damaged),
    readBack: () => readAll('backwards', () => {}),
    close() {
      closeSync(fd);
    },
  };
}

/** Of each of the two files. */
function halfOf({ triggers, bytes }: Bounds): Bounds {
  return { triggers: triggers / 2, bytes: bytes / 2 };
}
