import { basename } from 'node:path';

const SHELL = /^(?:ba|da|k|z|a)?sh$/;

/** Programs that run the file which is their first argument. */
const INTERPRETER = /^(?:ba|da|k|z|a)?sh$|^(?:python|perl|ruby|node|lua|php|tclsh)[0-9.]*$/;

const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;

/** A word of shell text in which the shell finds nothing to do. */
const PLAIN = /^[A-Za-z0-9@%_+=:,./-]+$/;

/** Programs that run the program which is among their arguments: the options of theirs that have a value of their own. */
const RUNNERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['env', ['-u', '-C']],
  ['ionice', ['-c', '-n']],
  ['nice', ['-n']],
  ['nohup', []],
  ['setsid', []],
  ['stdbuf', ['-i', '-o', '-e']],
  ['timeout', ['-k', '-s']],
]);

/**
 * The files that a command runs, as far as they are plain to see: the program, the script that an interpreter is
 * given, the program that env(1), nice(1), timeout(1) and their like are given, where each is an absolute path. Of shell text
 * only the first words; what a shell would work out is not guessed.
 */
export function namedPaths(argv: readonly string[]): readonly string[] {
  const paths: string[] = [];
  for (let words = argv; words.length > 0; words = given(words)) paths.push(words[0] ?? '');
  // A shell that was not asked for by name is ours.
  return (isShellText(argv) ? paths.slice(1) : paths).filter((path) => path.startsWith('/'));
}

/** What a program is given to run: nothing, for most. */
function given([program = '', ...words]: readonly string[]): readonly string[] {
  const name = basename(program);
  if (SHELL.test(name) && /^-[a-z]*c$/.test(words[0] ?? '')) return plainWords(words[1] ?? '');
  if (INTERPRETER.test(name)) return words.filter((word) => !word.startsWith('-')).slice(0, 1);
  const valued = RUNNERS.get(name);
  if (!valued) return [];
  let at = 0;
  for (let word = words[at]; word !== undefined && isOwn(word); word = words[at])
    at += valued.includes(word) ? 2 : 1;
  return words.slice(name === 'timeout' ? at + 1 : at);
}

/** An option of a runner, or a variable that env(1) sets. */
function isOwn(word: string): boolean {
  return word.startsWith('-') || ASSIGNMENT.test(word);
}

/** A command that was written as a string, see resolve.ts. */
function isShellText(argv: readonly string[]): boolean {
  return argv.length === 3 && argv[0] === '/bin/sh' && argv[1] === '-c';
}

/** The first words, up to one that the shell would change; without assignments and `exec` before them. */
function plainWords(text: string): string[] {
  const words = text.trim().split(/[ \t]+/);
  const end = words.findIndex((word) => !PLAIN.test(word));
  const plain = end === -1 ? words : words.slice(0, end);
  const start = plain.findIndex((word) => word !== 'exec' && !ASSIGNMENT.test(word));
  return start === -1 ? [] : plain.slice(start);
}
