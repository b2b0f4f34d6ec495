/**
 * The control socket: newline-delimited JSON. A request is one line, an object with a `verb`. Its answer is a line
 * `{"heard": PID}` at once (and again now and then, to one that has closed its own side), then any number of
 * `{"row": …}`, then one `{"done": …}` or `{"error": …}`.
 */

/** Exit codes, sysexits(3), and the two of our own (design of `status` and `plan`). */
export const EXIT = {
  ok: 0,
  failed: 1,
  changes: 2,
  notArmed: 3,
  usage: 64,
  unavailable: 69,
  busy: 75,
  notPermitted: 77,
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Something that the operator must be told: what and why, and what to do next. It becomes text and an exit code. */
export class Complaint extends Error {
  readonly code: ExitCode;
  readonly hint: string | undefined;

  constructor(code: ExitCode, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** What travels back. */
export type Answer =
  | { readonly heard: number }
  | { readonly row: unknown }
  | { readonly done: unknown }
  | { readonly error: { readonly code: ExitCode; readonly message: string; readonly hint?: string } };

/** The longest request line, in bytes: a command of 64 KiB, escaped, with everything around it. */
export const MAX_REQUEST = 262_144;

/** The longest socket path that all our systems take (104 bytes with the NUL); Node cuts longer ones silently. */
export const MAX_SOCKET_PATH = 103;

/** A request's arguments, as they came: nothing about them is trusted. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Reads a text argument. @throws Complaint (usage) if it is missing, no text, or too long */
export function textArgument(args: Arguments, name: string, longest = 4096): string {
  const value = optionalText(args, name, longest);
  if (value === undefined) throw new Complaint(EXIT.usage, `the request has no "${name}"`);
  return value;
}

/** As `textArgument`, but it may be missing. */
export function optionalText(args: Arguments, name: string, longest = 4096): string | undefined {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > longest || value.includes('\0')) {
    throw new Complaint(EXIT.usage, `"${name}" must be a text of at most ${longest} characters without NUL`);
  }
  return value;
}

/** Reads a whole number within bounds, if it is there. @throws Complaint (usage) */
export function optionalNumber(
  args: Arguments,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new Complaint(EXIT.usage, `"${name}" must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** Reads a flag; missing is false. @throws Complaint (usage) */
export function flagArgument(args: Arguments, name: string): boolean {
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw new Complaint(EXIT.usage, `"${name}" must be true or false`);
  return value;
}
