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

export interface ExpressionFault {
  readonly code: ExpressionFaultCode;
  /** One sentence without full stop. */
  readonly message: string;
  /** What to write instead, where that is known. */
  readonly hint?: string;
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
  ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
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
  const hint = fault.hint === undefined ? '' : `\n${indent}${visible(fault.hint)}`;
  return `${fault.line}:${fault.column}: ${visible(fault.message)}\n${visible(line)}\n${mark}${hint}`;
};
