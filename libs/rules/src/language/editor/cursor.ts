/**
 * What may stand at a place of a text that is being written: told from the words before it alone, so that it works while
 * what follows is missing or wrong.
 */
import type { Span } from '../ast.ts';
import { parseExpression, parseValueExpression } from '../expression.ts';
import { fieldByName } from '../fields/fields.ts';
import { functionByName } from '../functions/functions.ts';
import { operators } from '../operators.ts';
import { Bool, Bytes, Int, Ip, itemOf, type Type } from '../types.ts';
import { type Token, tokensOf } from './tokens.ts';

export type Expectation =
  /** A field, a call, not, any or all. */
  | { readonly kind: 'operand' }
  /** What can stand behind a value of this type. */
  | { readonly kind: 'operator'; readonly type: Type }
  /** and, or, xor */
  | { readonly kind: 'logical' }
  /** A short id; `wrap` is what stands around it. */
  | { readonly kind: 'operation'; readonly wrap: readonly [before: string, after: string] }
  /** A named list for values of this type. */
  | { readonly kind: 'list'; readonly type: Type }
  | { readonly kind: 'nothing' };

export interface Cursor {
  readonly expects: Expectation;
  /** What has been written of it so far. */
  readonly prefix: string;
  /** What a completion replaces. */
  readonly replaces: Span;
}

const nothing: Expectation = { kind: 'nothing' };
const operand: Expectation = { kind: 'operand' };
const logical: Expectation = { kind: 'logical' };

/** O(characters). */
export const cursorAt = (text: string, offset: number): Cursor => {
  const tokens = tokensOf(text);
  const touched = tokens.find(({ start, end, kind, isOpen }) =>
    kind === 'text' ? start < offset && (offset < end || isOpen) : start < offset && offset <= end,
  );
  const at = touched?.start ?? offset;
  const source = { text, tokens: tokens.filter((each) => each.end <= at) };
  if (touched?.kind === 'text') return cursorInText(source, touched, offset);
  if (touched?.kind === 'list' || touched?.kind === 'word')
    return {
      expects: touched.kind === 'list' ? expectedList(source, source.tokens.length - 1) : expected(source),
      prefix: text.slice(at, offset),
      replaces: { start: at, end: touched.end },
    };
  if (touched?.kind === 'number') return { expects: nothing, prefix: '', replaces: touched };
  const before = touched === undefined ? source : { text, tokens: [...source.tokens, touched] };
  return { expects: expected(before), prefix: '', replaces: { start: offset, end: offset } };
};

/** The words before the cursor. */
interface Source {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** In a text, short ids alone can be completed: what stands between its quotes is replaced. */
const cursorInText = (source: Source, token: Token, offset: number): Cursor => {
  const opening = /^r?#*"/.exec(token.text)?.[0] ?? '';
  const start = Math.min(token.start + opening.length, offset);
  const expects = expected(source);
  const isId = expects.kind === 'operation';
  const written = /^[0-9A-Za-z]*/.exec(source.text.slice(start))?.[0] ?? '';
  const end = Math.max(offset, start + written.length);
  const after = isId && token.isOpen ? expects.wrap[1] : '';
  return {
    expects: isId ? { kind: 'operation', wrap: ['', after] } : nothing,
    prefix: source.text.slice(start, offset),
    replaces: { start, end },
  };
};

const beforeOperand = new Set(['(', ',', 'and', '&&', 'or', '||', 'xor', '^^', 'not', '!']);
const operatorTokens = new Set(operators.flatMap(({ tokens }) => tokens));

const expected = (source: Source): Expectation => {
  const { tokens } = source;
  const at = tokens.length - 1;
  const last = tokens[at];
  if (last === undefined) return operand;
  if (last.text === ',' && isBeforeId(tokens)) return { kind: 'operation', wrap: ['"', '"'] };
  if (beforeOperand.has(last.text)) return operand;
  if (last.text === '[') return expectedKey(source, at - 1);
  if (last.text === '{') return expectedLiteral(source, at - 2);
  if (last.text === 'in') return expectedList(source, at);
  if (operatorTokens.has(last.text))
    return expectedLiteral(source, tokens[at - 1]?.text === 'strict' ? at - 2 : at - 1);
  if (last.kind === 'list' || last.text === '}') return logical;
  if (last.kind === 'text' || last.kind === 'number') return behindLiteral(source, at);
  return behindValue(source, at);
};

/** `has_key(cf.sequence.msec_since_op,` and `has_value(cf.sequence.previous_ops,` */
const isBeforeId = (tokens: readonly Token[]): boolean =>
  /^(?:has_key\(cf\.sequence\.msec_since_op|has_value\(cf\.sequence\.previous_ops),$/.test(
    tokens
      .slice(-4)
      .map((token) => token.text)
      .join(''),
  );

const behindLiteral = (source: Source, at: number): Expectation => {
  if (operatorTokens.has(source.tokens[at - 1]?.text ?? '')) return logical;
  let open = at;
  while (source.tokens[open]?.kind === 'text' || source.tokens[open]?.kind === 'number') open -= 1;
  return source.tokens[open]?.text === '{' ? expectedLiteral(source, open - 2) : nothing;
};

/** Index of the first token of the value that ends with token `end`; null if none ends there. */
const startOfValue = (tokens: readonly Token[], end: number): number | null => {
  let at = end;
  while (tokens[at]?.text === ']') {
    at = openingOf(tokens, at) - 1;
    if (at < 0) return null;
  }
  if (tokens[at]?.text === ')') {
    const name = openingOf(tokens, at) - 1;
    return functionByName.has(tokens[name]?.text ?? '') ? name : null;
  }
  return fieldByName.has(tokens[at]?.text ?? '') ? at : null;
};

const openings: Readonly<Record<string, string>> = { ')': '(', ']': '[' };

/** Index of the bracket that the one at `end` closes; -1 if there is none. */
const openingOf = (tokens: readonly Token[], end: number): number => {
  const closing = tokens[end]?.text ?? '';
  const opening = openings[closing];
  let depth = 0;
  for (let at = end; at >= 0; at -= 1) {
    const text = tokens[at]?.text;
    if (text === closing) depth += 1;
    else if (text === opening) depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
};

const behindValue = (source: Source, at: number): Expectation => {
  const start = startOfValue(source.tokens, at);
  if (start === null) return source.tokens[at]?.text === ')' ? logical : nothing;
  const type = typeOfValue(source, start, at);
  if (type === null) return nothing;
  return type.kind === 'bool' || itemOf(type)?.kind === 'bool' ? logical : { kind: 'operator', type };
};

const trials: readonly (readonly [end: string, type: Type])[] = [
  ['', Bool],
  [' eq ""', Bytes],
  [' eq 0', Int],
  [' eq 0.0.0.0', Ip],
];

/** The parser tells; of a value that maps over `[*]` by what it takes behind it. */
const typeOfValue = ({ text, tokens }: Source, start: number, end: number): Type | null => {
  const written = text.slice(tokens[start]?.start, tokens[end]?.end);
  const parsed = parseValueExpression(written);
  if (parsed.kind === 'parsed') return parsed.expression.type;
  const found = trials.find(([right]) => parseExpression(`any(${written}${right})`).kind === 'parsed');
  return found?.[1] ?? null;
};

const idFields = new Set(['cf.sequence.current_op', 'cf.sequence.previous_ops']);

/** Behind an operator or in `{`: of a field of short ids, one of them. */
const expectedLiteral = ({ tokens }: Source, valueEnd: number): Expectation => {
  const start = startOfValue(tokens, valueEnd);
  const name = start === null ? '' : (tokens[start]?.text ?? '');
  return idFields.has(name) ? { kind: 'operation', wrap: ['"', '"'] } : nothing;
};

const expectedKey = ({ tokens }: Source, valueEnd: number): Expectation =>
  tokens[valueEnd]?.text === 'cf.sequence.msec_since_op' ? { kind: 'operation', wrap: ['"', '"]'] } : nothing;

/** `at` is the token `in`. */
const expectedList = (source: Source, at: number): Expectation => {
  if (source.tokens[at]?.text !== 'in') return nothing;
  const start = startOfValue(source.tokens, at - 1);
  const type = start === null ? null : typeOfValue(source, start, at - 1);
  return type === null ? nothing : { kind: 'list', type };
};
