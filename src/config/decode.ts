import { isUtf8 } from 'node:buffer';
import type { Diagnostic } from './diagnostic.ts';
import { complainOf, createSource } from './source.ts';

// All of C0 but tab, line feed and carriage return; DEL; C1 but NEL. YAML forbids them, its lexer uses some as marks.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/;

/** The text of a file's bytes, or why it is none. A byte order mark is dropped. */
export function decode(file: string, given: Uint8Array): { text: string } | { problem: Diagnostic } {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const first = bytes[0];
  if ((first === 0xff && bytes[1] === 0xfe) || (first === 0xfe && bytes[1] === 0xff)) {
    const message = 'this file is in UTF-16';
    return { problem: complainOf(file, { code: 'encoding', path: '', message, hint: 'save it as UTF-8' }) };
  }
  const text = bytes.toString('utf8').replace(/^\u{feff}/u, '');
  const source = createSource(file, text);
  if (!isUtf8(bytes)) {
    // toString() has put this character where it could not go on.
    const start = Math.max(0, text.indexOf('\u{fffd}'));
    const message = 'this is not UTF-8';
    const hint = 'save the file as UTF-8; it looks like another encoding, such as Latin-1';
    return {
      problem: source.complain({ start, end: start + 1 }, { code: 'encoding', path: '', message, hint }),
    };
  }
  const start = text.search(control);
  if (start >= 0) {
    const code = text.charCodeAt(start).toString(16).toUpperCase().padStart(4, '0');
    const message = `control character U+${code}`;
    const hint = 'take it out, or write it as an escape in double quotes';
    return {
      problem: source.complain(
        { start, end: start + 1 },
        { code: 'control-character', path: '', message, hint },
      ),
    };
  }
  return { text };
}
