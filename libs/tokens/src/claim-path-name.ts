/** Quoted member names of claim paths: the string literals of RFC 9535, 2.3.1.1. */
import { type Cursor, PathRefusal } from './claim-path-cursor.ts';

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['/', '/'],
  ['\\', '\\'],
]);

/** From the quote the cursor stands at to behind the one that ends it. */
export const readName = (cursor: Cursor, quote: string): string => {
  const start = cursor.at;
  cursor.at += 1;
  let name = '';
  while (cursor.text.charAt(cursor.at) !== quote) {
    if (cursor.at >= cursor.text.length) throw new PathRefusal('the name has no closing quote', start);
    name += cursor.text.charAt(cursor.at) === '\\' ? readEscape(cursor, quote) : readPlain(cursor);
  }
  cursor.at += 1;
  return name;
};

const readPlain = (cursor: Cursor): string => {
  const code = cursor.text.codePointAt(cursor.at) as number;
  if (code < 0x20) throw new PathRefusal('control characters stand as \\u escapes', cursor.at);
  if (isSurrogate(code)) throw new PathRefusal('half of a surrogate pair', cursor.at);
  const character = String.fromCodePoint(code);
  cursor.at += character.length;
  return character;
};

const readEscape = (cursor: Cursor, quote: string): string => {
  const start = cursor.at;
  const escaped = cursor.text.charAt(start + 1);
  const simple = escaped === quote ? quote : simpleEscapes.get(escaped);
  if (simple !== undefined) {
    cursor.at += 2;
    return simple;
  }
  const unit = readUnit(cursor);
  if (!isSurrogate(unit)) return String.fromCharCode(unit);
  const next = unit < 0xdc00 && cursor.text.charAt(cursor.at) === '\\' ? readUnit(cursor) : 0;
  if (next < 0xdc00 || next > 0xdfff) throw new PathRefusal('half of a surrogate pair', start);
  return String.fromCharCode(unit, next);
};

const unitEscape = /\\u([0-9A-Fa-f]{4})/y;

const readUnit = (cursor: Cursor): number => {
  unitEscape.lastIndex = cursor.at;
  const digits = unitEscape.exec(cursor.text)?.[1];
  if (digits === undefined) throw new PathRefusal('there is no such escape', cursor.at);
  cursor.at += 6;
  return Number.parseInt(digits, 16);
};

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;
