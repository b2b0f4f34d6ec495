import { basename } from 'node:path';

/** Programs that run the file which is their first argument. */
const INTERPRETER = /^(?:ba|da|k|z|a)?sh$|^(?:python|perl|ruby|node|lua|php|tclsh)[0-9.]*$/;

/** A word of shell text in which the shell finds nothing to do. */
const PLAIN = /^[A-Za-z0-9@%_+=:,./-]+$/;

/**
 * The files that a command runs, as far as they are plain to see: the program, and the script that an interpreter is
 * given, where each is an absolute path. Of shell text only the first words; what a shell would work out is not guessed.
 */
export function namedPaths(argv: readonly string[]): readonly string[] {
  const [program, ...words] = isShellText(argv) ? plainWords(argv[2] ?? '') : argv;
  if (program === undefined) return [];
  const script = INTERPRETER.test(basename(program))
    ? words.find((word) => !word.startsWith('-'))
    : undefined;
  return [program, script ?? ''].filter((path) => path.startsWith('/'));
}

/** A command that was written as a string, see resolve.ts. */
export function isShellText(argv: readonly string[]): boolean {
  return argv.length === 3 && argv[0] === '/bin/sh' && argv[1] === '-c';
}

/** The first words, up to one that the shell would change; without assignments and `exec` before them. */
function plainWords(text: string): string[] {
  const words = text.trim().split(/[ \t]+/);
  const end = words.findIndex((word) => !PLAIN.test(word));
  const plain = end === -1 ? words : words.slice(0, end);
  const start = plain.findIndex((word) => word !== 'exec' && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
  return start === -1 ? [] : plain.slice(start);
}
