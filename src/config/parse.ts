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

/** Of the errors of one line only the first: the rest follow from it. */
function complaints(source: Source, errors: readonly YAMLError[]): Diagnostic[] {
  const lines = new Set<number>();
  const found: Diagnostic[] = [];
  // What is missing at the end of the file is shown where the text ends, not on the empty line after it.
  const last = source.text.trimEnd().length;
  for (const error of [...errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    const start = Math.min(error.pos[0], last);
    const end = Math.max(error.pos[1], start + 1);
    const { message, hint } = inOurWords(error, source.text.slice(...error.pos));
    const problem = source.complain({ start, end }, { code: 'yaml', path: '', message, hint });
    if (!lines.has(problem.line)) found.push(problem);
    lines.add(problem.line);
  }
  return found.slice(0, mostErrors);
}

interface Words {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** The package speaks to people who know the grammar. Where it is often met, we say what to do instead. */
function inOurWords({ code, message }: YAMLError, text: string): Words {
  const missing = /end with a ([\]}])|Missing closing (["'])/.exec(message);
  if (missing) {
    const mark = missing[1] ?? missing[2];
    return { message: `a closing ${mark} is missing`, hint: 'here, or on one of the lines above' };
  }
  if (code === 'TAG_RESOLVE_FAILED')
    return { message: `the tag ${text} is not known here`, hint: 'take it out' };
  const plain = message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  return { message: plain, ...words[code] };
}

const words: Partial<Record<YAMLError['code'], Partial<Words>>> = {
  BAD_INDENT: {
    hint: 'keys of one mapping begin in the same column: check the spaces at the start of this line',
  },
  TAB_AS_INDENT: { message: 'a tab in the indentation', hint: 'YAML is indented with spaces' },
  MISSING_CHAR: { hint: 'a quote, a bracket, a comma or a colon may be missing here or on the lines above' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second colon in a value without quotes',
    hint: 'a value that contains ": " must be in quotes',
  },
  MULTILINE_IMPLICIT_KEY: { hint: 'a colon may be missing after a key, here or on the line above' },
  UNEXPECTED_TOKEN: { hint: 'a value that begins with a special character must be in quotes' },
  BAD_SCALAR_START: { hint: 'a value that begins with a special character must be in quotes' },
  BAD_DQ_ESCAPE: { hint: 'in double quotes a backslash begins an escape: write \\\\, or use single quotes' },
  NON_STRING_KEY: { message: 'a key must be a plain word' },
};
