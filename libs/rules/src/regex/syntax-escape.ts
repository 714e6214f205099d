/** What a backslash means, within a class and outside of one. */
import { foldScalars } from './case-fold.ts';
import type { Cursor } from './cursor.ts';
import type { Flags } from './flags.ts';
import { Look, unicodeLookOf } from './look.ts';
import { lastByte, lastScalar, negate, type Ranges } from './ranges.ts';
import { complementOf, propertySet, unicodeDigits, unicodeSpaces, unicodeWords } from './unicode.ts';

export type Primitive =
  /** `isByte`: written `\xFF`, which is a byte where Unicode is off. */
  | { readonly kind: 'char'; readonly scalar: number; readonly isByte: boolean }
  | { readonly kind: 'class'; readonly set: Ranges }
  | { readonly kind: 'look'; readonly look: Look };

const charOf = (text: string): Primitive => ({
  kind: 'char',
  scalar: text.codePointAt(0) as number,
  isByte: false,
});

const controls: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['f', '\f'],
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['v', '\v'],
]);

/** Reads one character or escape; the cursor is at neither the end nor an operator. */
export const parsePrimitive = (cursor: Cursor, flags: Flags): Primitive => {
  const { char } = cursor;
  if (char === '\\') return parseEscape(cursor, flags);
  cursor.bump();
  return charOf(char);
};

const parseEscape = (cursor: Cursor, flags: Flags): Primitive => {
  const start = cursor.at;
  if (!cursor.bump()) cursor.fail('escape_unfinished', 'nothing follows the backslash', [start, cursor.at]);
  const { char } = cursor;
  if (/^[xuU]$/.test(char)) return parseHex(cursor, char);
  if (/^[pP]$/.test(char)) return { kind: 'class', set: parseProperty(cursor, flags, start) };
  cursor.bump();
  if (/^[dswDSW]$/.test(char)) return { kind: 'class', set: perlClass(char, flags.isUnicode) };
  const control = controls.get(char);
  if (control !== undefined) return charOf(control);
  const look = parseAssertion(cursor, char, start);
  if (look !== undefined) return { kind: 'look', look: adapt(look, flags) };
  if (/^[!-/:-@[-`{-~\0-\x20\x7f]$/.test(char)) return charOf(char);
  return failEscape(cursor, char, start);
};

const failEscape = (cursor: Cursor, char: string, start: number): never => {
  const place = [start, cursor.at] as const;
  if (/^[0-9]$/.test(char))
    cursor.fail('backreference', 'a match cannot refer back to a group', place, 'for a byte write \\x00');
  if (char === 'Z')
    cursor.fail('escape_unknown', 'there is no escape \\Z', place, 'for the end of the text write \\z');
  return cursor.fail('escape_unknown', `there is no escape \\${char}`, place);
};

const digitsOf: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

const parseHex = (cursor: Cursor, kind: string): Primitive => {
  const start = cursor.at - 1;
  if (!cursor.bumpAndSkip()) failUnfinished(cursor, start);
  const isBraced = cursor.char === '{';
  const digits = isBraced
    ? readBracedDigits(cursor, start)
    : readDigits(cursor, digitsOf.get(kind) as number, start);
  const scalar = digits.length > 0 ? Number.parseInt(digits, 16) : Number.POSITIVE_INFINITY;
  if (scalar > lastScalar || (scalar >= 0xd800 && scalar <= 0xdfff))
    cursor.fail('escape_invalid', 'that is the number of no character', [start, cursor.at]);
  return { kind: 'char', scalar, isByte: kind === 'x' && !isBraced };
};

const failUnfinished = (cursor: Cursor, start: number): never =>
  cursor.fail('escape_unfinished', 'the escape is not complete', [start, cursor.at]);

const readDigits = (cursor: Cursor, count: number, start: number): string => {
  let digits = '';
  for (let i = 0; i < count; i++) {
    if (i > 0 && !cursor.bumpAndSkip()) failUnfinished(cursor, start);
    digits += readDigit(cursor);
  }
  cursor.bumpAndSkip();
  return digits;
};

const readBracedDigits = (cursor: Cursor, start: number): string => {
  let digits = '';
  while (cursor.bumpAndSkip() && cursor.char !== '}') digits += readDigit(cursor);
  if (cursor.isEnd) failUnfinished(cursor, start);
  cursor.bumpAndSkip();
  return digits;
};

const readDigit = (cursor: Cursor): string =>
  /^[0-9a-fA-F]$/.test(cursor.char)
    ? cursor.char
    : cursor.fail('escape_invalid', 'a hexadecimal digit is expected here');

const asciiDigits: Ranges = [0x30, 0x39];
const asciiSpaces: Ranges = [0x09, 0x0d, 0x20, 0x20];
const asciiWords: Ranges = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];

const perlClass = (char: string, isUnicode: boolean): Ranges => {
  const set = isUnicode ? unicodePerlClass(char.toLowerCase()) : asciiPerlClass(char.toLowerCase());
  if (char === char.toLowerCase()) return set;
  return isUnicode ? complementOf(set) : negate(set, lastByte);
};

const unicodePerlClass = (char: string): Ranges =>
  char === 'd' ? unicodeDigits() : char === 's' ? unicodeSpaces() : unicodeWords();

const asciiPerlClass = (char: string): Ranges =>
  char === 'd' ? asciiDigits : char === 's' ? asciiSpaces : asciiWords;

const parseProperty = (cursor: Cursor, flags: Flags, start: number): Ranges => {
  const isNegated = cursor.char === 'P';
  if (!cursor.bumpAndSkip()) failUnfinished(cursor, start);
  const name = cursor.char === '{' ? readPropertyName(cursor, start) : readPropertyLetter(cursor, start);
  const place = [start, cursor.at] as const;
  if (!flags.isUnicode)
    cursor.fail('unicode_off', 'properties of characters need flag u', place, 'write (?u) in front');
  const [property, operator, value] = splitProperty(name);
  const set = propertySet(property, value);
  if (set === undefined) cursor.fail('property_unknown', `there is no property ${name}`, place);
  const found = flags.ignoresCase ? foldScalars(set) : set;
  return isNegated === (operator === '!=') ? found : complementOf(found);
};

const readPropertyName = (cursor: Cursor, start: number): string => {
  let name = '';
  while (cursor.bumpAndSkip() && cursor.char !== '}') name += cursor.char;
  if (cursor.isEnd) failUnfinished(cursor, start);
  cursor.bump();
  return name;
};

const readPropertyLetter = (cursor: Cursor, start: number): string => {
  const { char } = cursor;
  if (char === '\\')
    cursor.fail('property_unknown', 'the name of a property is expected here', [start, cursor.at]);
  cursor.bumpAndSkip();
  return char;
};

const splitProperty = (name: string): readonly [property: string, operator?: string, value?: string] => {
  for (const operator of ['!=', ':', '=']) {
    const at = name.indexOf(operator);
    if (at >= 0) return [name.slice(0, at), operator, name.slice(at + operator.length)];
  }
  return [name];
};

const assertions: ReadonlyMap<string, Look> = new Map([
  ['A', Look.textStart],
  ['z', Look.textEnd],
  ['B', Look.notWordBoundary],
  ['<', Look.wordStart],
  ['>', Look.wordEnd],
]);

const parseAssertion = (cursor: Cursor, char: string, start: number): Look | undefined => {
  if (char !== 'b') return assertions.get(char);
  return (cursor.char === '{' ? parseNamedBoundary(cursor, start) : undefined) ?? Look.wordBoundary;
};

const boundaries: ReadonlyMap<string, Look> = new Map([
  ['start', Look.wordStart],
  ['end', Look.wordEnd],
  ['start-half', Look.wordStartHalf],
  ['end-half', Look.wordEndHalf],
]);

/** `{start}` after `\b`; undefined if it is a repetition after all. */
const parseNamedBoundary = (cursor: Cursor, start: number): Look | undefined => {
  const brace = cursor.at;
  if (!cursor.bumpAndSkip()) failUnfinished(cursor, start);
  if (!/^[A-Za-z-]$/.test(cursor.char)) {
    cursor.at = brace;
    return undefined;
  }
  let name = '';
  for (; /^[A-Za-z-]$/.test(cursor.char); cursor.bumpAndSkip()) name += cursor.char;
  const look = boundaries.get(name);
  if (cursor.char !== '}' || look === undefined)
    cursor.fail(
      'boundary_unknown',
      'there is no such boundary of words',
      [start, cursor.at],
      'write \\b{start}, \\b{end}, \\b{start-half} or \\b{end-half}',
    );
  cursor.bump();
  return look;
};

const adapt = (look: Look, flags: Flags): Look =>
  flags.isUnicode && look >= Look.wordBoundary ? unicodeLookOf(look) : look;
