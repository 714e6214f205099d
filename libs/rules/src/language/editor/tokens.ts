/**
 * The words of a text that may be unfinished or wrong, for completion and hover: it never fails, and every unit of the text
 * belongs to one token or to white space. The parser alone says what is valid.
 */
import type { Span } from '../ast.ts';

export type TokenKind =
  /** A name, an operator or a number of letters and digits: what stands together. */
  | 'word'
  /** A quoted or raw text, with its quotes. */
  | 'text'
  /** `$name` */
  | 'list'
  /** An integer, an address, a range or octets. */
  | 'number'
  /** A bracket, a comma, a sign of an operator, or one unit that belongs to nothing. */
  | 'sign';

export interface Token extends Span {
  readonly kind: TokenKind;
  readonly text: string;
  /** A text without its closing quote. */
  readonly isOpen: boolean;
}

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['text', /"(?:[^"\\]|\\.)*(?:"|\\?$)/sy],
  ['text', /r(#*)".*?(?:"\1|$)/sy],
  ['list', /\$[a-z0-9_.]*/y],
  ['number', /-?[0-9][0-9A-Fa-fx.:/-]*|[0-9A-Fa-f]*:[0-9A-Fa-f:./]*/y],
  ['word', /[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*\.?/y],
];
const sign: (typeof patterns)[number] = ['sign', /[=!<>]=|&&|\|\||\^\^|./sy];

/** O(characters). */
export const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const token = /\s/.test(text.charAt(at)) ? null : tokenAt(text, at);
    if (token !== null) tokens.push(token);
    at = token?.end ?? at + 1;
  }
  return tokens;
};

const tokenAt = (text: string, start: number): Token => {
  const [kind, pattern] = patterns.find((each) => matchAt(each[1], text, start) !== '') ?? sign;
  const found = matchAt(pattern, text, start);
  const isOpen = kind === 'text' && isOpenText(found);
  return { kind, text: found, start, end: start + found.length, isOpen };
};

const matchAt = (pattern: RegExp, text: string, start: number): string => {
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0] ?? '';
};

const isOpenText = (text: string): boolean => {
  if (text.startsWith('"')) return !/^"(?:[^"\\]|\\.)*"$/s.test(text);
  const marks = /^r(#*)/.exec(text)?.[1] ?? '';
  return text.length < 3 + 2 * marks.length || !text.endsWith(`"${marks}`);
};

/** A token as one that names a text: what stands between its quotes. */
export const insideOf = (token: Token): string => {
  const inside = token.text.replace(/^r?#*"/, '');
  return token.isOpen ? inside : inside.replace(/"#*$/, '');
};
