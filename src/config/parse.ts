import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser } from 'yaml';
import type { Document, YAMLError } from 'yaml';
import type { Diagnostic } from './diagnostic.ts';
import { parseLimits } from './limits.ts';
import type { Range, Source } from './source.ts';
import { createTree } from './tree.ts';
import type { Budget, Classified, Parsed } from './tree.ts';

/** Levels of a document, in the parser's count. The file itself has about a dozen. */
const deepest = 100;
/** One slip often makes the rest of a file unreadable: more than these help nobody. */
const mostErrors = 20;

/**
 * Turns a text into plain data that remembers where everything stands. What it may cost is bounded before anything is
 * composed: a megabyte of brackets would take seconds and half a gigabyte.
 */
export function parse(source: Source, budget: Budget): Parsed {
  const fail = (range: Range, code: string, message: string, hint?: string): Parsed => ({
    problems: [source.complain(range, { code, path: '', message, hint })],
  });

  const lexemes: string[] = [];
  for (const lexeme of new Lexer().lex(source.text)) {
    if (lexemes.push(lexeme) > budget.tokens) {
      const hint = `all files together may have ${parseLimits.tokens} words and marks`;
      return fail({ start: 0, end: 0 }, 'too-large', 'this file is too large', hint);
    }
  }
  budget.tokens -= lexemes.length;

  const parser = new Parser();
  const composer = new Composer({
    schema: 'core',
    version: '1.2',
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents: Document.Parsed[] = [];
  const tokens = [];
  for (const lexeme of lexemes) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > deepest) {
      return fail({ start: parser.offset, end: parser.offset + 1 }, 'too-deep', 'this is nested too deeply');
    }
  }
  for (const token of parser.end()) tokens.push(token);
  for (const document of composer.compose(tokens, true, source.text.length)) documents.push(document);

  const [document, second] = documents;
  if (document === undefined) return fail({ start: 0, end: 0 }, 'yaml', 'there is no document in this file');
  const errors = documents.flatMap((one) => [...one.errors, ...one.warnings]);
  if (errors.length > 0) return { problems: complaints(source, errors) };
  if (second !== undefined) {
    const start = second.range[0];
    const hint = 'use include for further files, and take the --- out';
    return fail({ start, end: start + 3 }, 'yaml', 'there is a second document in this file', hint);
  }
  return createTree(source, document.contents, classify, budget);
}

function classify(node: unknown): Classified {
  // The package types offsets and anchors as "perhaps undefined", which ours, stricter, do not take.
  if (isMap(node)) return { kind: 'map', node } as Classified;
  if (isSeq(node)) return { kind: 'list', node } as Classified;
  if (isScalar(node)) return { kind: 'scalar', node } as Classified;
  if (isAlias(node)) return { kind: 'alias', node } as Classified;
  return { kind: 'nothing' };
}

/** The package's own words, in our form; of the errors of one line the first, since the rest follow from it. */
function complaints(source: Source, errors: readonly YAMLError[]): Diagnostic[] {
  const lines = new Set<number>();
  const found: Diagnostic[] = [];
  for (const error of [...errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    const [start, end] = error.pos;
    const message = error.message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
    const complaint = { code: 'yaml', path: '', message, hint: hints[error.code] };
    const problem = source.complain({ start, end: Math.max(end, start + 1) }, complaint);
    if (!lines.has(problem.line)) found.push(problem);
    lines.add(problem.line);
  }
  return found.slice(0, mostErrors);
}

const hints: Partial<Record<YAMLError['code'], string>> = {
  BAD_INDENT: 'keys of one mapping begin in the same column; check the spaces at the start of this line',
  TAB_AS_INDENT: 'YAML is indented with spaces, not with tabs',
  MISSING_CHAR: 'a quote, a bracket or a colon may be missing here or in the lines above',
  BLOCK_AS_IMPLICIT_KEY: 'a value that contains ": " must be in quotes',
  MULTILINE_IMPLICIT_KEY: 'a colon may be missing after a key, here or in the line above',
  UNEXPECTED_TOKEN: 'a value that begins with a special character must be in quotes',
  BAD_SCALAR_START: 'a value that begins with a special character must be in quotes',
  BAD_DQ_ESCAPE: 'in double quotes a backslash begins an escape: write \\\\ for one, or use single quotes',
  NON_STRING_KEY: 'a key is a plain word',
  TAG_RESOLVE_FAILED: 'take the tag (the word that begins with !) away',
};
