/** What can be wrong with an expression, where, and what to write instead. */
import type { Span } from './ast.ts';

export const ExpressionFaultCode = {
  /** More than 4096 characters. */
  tooLong: 'too_long',
  /** More than 128 parentheses, `not` and calls inside one another. */
  tooDeep: 'too_deep',
  /** Not text: half of a surrogate pair. */
  illFormed: 'ill_formed',
  /** The expression ends too early. */
  unfinished: 'unfinished',
  /** Something else stands where an operand, operator or bracket is expected. */
  syntax: 'syntax',
  unknownField: 'unknown_field',
  unknownFunction: 'unknown_function',
  unknownList: 'unknown_list',
  /** A value, operator or literal of another type than its place needs. */
  type: 'type',
  /** An index that its value does not have: `[0]` on a map, `["a"]` on an array. */
  index: 'index',
  /** `[*]` in a place where it cannot be. */
  star: 'star',
  argumentCount: 'argument_count',
  argumentType: 'argument_type',
  /** A literal where a field is needed, or the reverse. */
  argumentKind: 'argument_kind',
  argumentValue: 'argument_value',
  /** A function that may not be used in this place. */
  place: 'place',
  /** A text literal that does not end, or an escape that does not exist. */
  text: 'text',
  number: 'number',
  address: 'address',
  /** The end of a range is before its start. */
  range: 'range',
  listName: 'list_name',
  regex: 'regex',
  wildcard: 'wildcard',
} as const;
export type ExpressionFaultCode = (typeof ExpressionFaultCode)[keyof typeof ExpressionFaultCode];

/** What to do where nothing nearer is known. */
const generalHints: Readonly<Record<ExpressionFaultCode, string>> = {
  too_long: 'move long sets into a named list: in $name',
  too_deep: 'leave out parentheses that change nothing, or split the rule',
  ill_formed: 'write characters whole, or their bytes as \\xHH',
  unfinished: 'a comparison is a field, an operator and a literal',
  syntax: 'a comparison is a field, an operator and a literal; and, or, xor stand between comparisons',
  unknown_field: 'fields are named as in http.request.uri.path; "precede rules fields" lists them',
  unknown_function: 'functions are named as in starts_with; docs/rules.md lists them',
  unknown_list: 'make the list first',
  type: 'the literal is of the type of its field: "text", 10, 192.0.2.1',
  index: 'an array has [0] and [*], a map has ["key"] and [*]',
  star: 'map in the first argument, and compare what comes of it: any(lower(field[*])[*] eq "x")',
  argument_count: 'count the arguments of the call',
  argument_type: 'change the argument to the type that is named',
  argument_kind: 'a field or call is where a literal is not taken, and the reverse',
  argument_value: 'change the literal',
  place: 'use it where an expression gives a value',
  text: 'a text stands in double quotes; in a raw one, r"…", nothing is escaped',
  number: 'integers are -9223372036854775808 to 9223372036854775807, hex as 0x1f',
  address: 'addresses are written as 192.0.2.1 or 2001:db8::1',
  range: 'write the smaller end first, both of one kind: 1..9',
  list_name: 'for example $office_network',
  regex: 'the syntax is that of the regex crate of Rust, with Unicode off',
  wildcard: 'one * spans anything; \\* is a star itself',
};

export interface ExpressionFault {
  readonly code: ExpressionFaultCode;
  /** One sentence without full stop. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
  /** Where, in UTF-16 units of the text. */
  readonly offset: number;
  readonly length: number;
  /** Where, 1-based; the column counts characters (code points). */
  readonly line: number;
  readonly column: number;
}

/** Thrown inside the parser alone: ends it at the first fault. */
export class Refusal extends Error {
  readonly code: ExpressionFaultCode;
  readonly span: Span;
  readonly hint: string | undefined;

  constructor(code: ExpressionFaultCode, message: string, span: Span, hint?: string) {
    super(message);
    this.code = code;
    this.span = span;
    this.hint = hint;
  }
}

/** Line and column of an offset, 1-based; only `\n` ends a line. O(offset). */
export const positionIn = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line += 1;
  return { line, column: [...before.slice(lineStart)].length + 1 };
};

export const toFault = (text: string, refusal: Refusal): ExpressionFault => ({
  code: refusal.code,
  message: refusal.message,
  hint: refusal.hint ?? generalHints[refusal.code],
  offset: refusal.span.start,
  length: refusal.span.end - refusal.span.start,
  ...positionIn(text, refusal.span.start),
});

const characters = (text: string): number => [...text].length;

/** Control characters would move the mark, or drive the terminal. */
const visible = (text: string): string => text.replace(/\p{Cc}/gu, ' ');

/** The fault below the line it is in, with a mark: what a terminal shows. */
export const showFault = (text: string, fault: ExpressionFault): string => {
  const lineStart = fault.offset === 0 ? 0 : text.lastIndexOf('\n', fault.offset - 1) + 1;
  const lineEnd = text.indexOf('\n', fault.offset);
  const line = text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd);
  const inLine = line.slice(fault.offset - lineStart, fault.offset - lineStart + fault.length);
  const indent = ' '.repeat(fault.column - 1);
  const mark = `${indent}${'^'.repeat(Math.max(1, characters(inLine)))}`;
  const head = `${fault.line}:${fault.column}: ${visible(fault.message)}`;
  return `${head}\n${visible(line)}\n${mark}\n${indent}${visible(fault.hint)}`;
};
