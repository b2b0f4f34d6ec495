/**
 * Frames of the keeper's socket: a length, then NUL-terminated fields (PROTOCOL.md, "Frames").
 *
 * Values are bytes without NUL. They are read as UTF-8; nothing here trusts the other side.
 */

/** A frame taken apart. A name that may be repeated has more than one value. */
export interface Frame {
  readonly verb: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

/** What may be written into a frame; `undefined` leaves the field out, an array repeats it. */
export type Fields = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** The largest frame, in bytes after the length. */
const MAX_FRAME = 262_144;

/** Writes one frame. @throws RangeError if a value holds NUL or the frame is too long: a bug of the caller. */
export function encodeFrame(verb: string, fields: Fields = {}): Buffer {
  let text = `${verb}\0`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const values = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
    for (const one of values) {
      if (one.includes('\0')) throw new RangeError(`field ${name} holds a NUL`);
      text += `${name}=${one}\0`;
    }
  }
  const length = Buffer.byteLength(text);
  if (length > MAX_FRAME) throw new RangeError(`${verb}: ${length} bytes do not fit into a frame`);
  const frame = Buffer.allocUnsafe(4 + length);
  frame.writeUInt32BE(length);
  frame.write(text, 4);
  return frame;
}

function parseFrame(body: Buffer): Frame {
  const [verb = '', ...parts] = body.toString('utf8', 0, body.length - 1).split('\0');
  const fields = new Map<string, string[]>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
  }
  return { verb, fields };
}

/**
 * Puts the pieces that a socket delivers together to frames.
 *
 * @returns a function that takes the next piece and gives every frame that is whole by now
 * @throws RangeError (from that function) when a length is out of range: nothing after it can be trusted
 */
export function createFrameReader(): (piece: Buffer) => Frame[] {
  let pieces: Buffer[] = [];
  let size = 0;
  return (piece) => {
    pieces.push(piece);
    size += piece.length;
    if (size < 4) return [];
    let rest = pieces.length === 1 ? piece : Buffer.concat(pieces, size);
    const frames: Frame[] = [];
    while (rest.length >= 4) {
      const length = rest.readUInt32BE();
      if (length < 2 || length > MAX_FRAME) throw new RangeError(`a frame of ${length} bytes`);
      if (rest.length < 4 + length) break;
      frames.push(parseFrame(rest.subarray(4, 4 + length)));
      rest = rest.subarray(4 + length);
    }
    pieces = rest.length > 0 ? [rest] : [];
    size = rest.length;
    return frames;
  };
}
