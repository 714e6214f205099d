/**
 * Claim paths: singular queries of RFC 9535, `$.sub`, `$['https://x/y'].ids[0]`. Names and indexes alone, so that a path
 * gives one value or none. One pass over a bounded text; a fault is a value.
 */
import { type Cursor, PathRefusal } from './claim-path-cursor.ts';
import { readName } from './claim-path-name.ts';

/** A member name, or an index (from the end where negative). */
export type Selector = string | number;
/** In order from the root; empty: the claims as a whole. */
export type ClaimPath = readonly Selector[];

export const maxClaimPathCharacters = 1024;

export interface ClaimPathFault {
  readonly message: string;
  /** Character of the text (UTF-16 unit) at which it cannot go on, from 0. */
  readonly position: number;
}

export type ParsedClaimPath =
  | { readonly kind: 'parsed'; readonly path: ClaimPath }
  | { readonly kind: 'refused'; readonly fault: ClaimPathFault };

/** O(characters). Takes any text. */
export const parseClaimPath = (text: string): ParsedClaimPath => {
  try {
    return { kind: 'parsed', path: readPath(text) };
  } catch (error) {
    if (!(error instanceof PathRefusal)) throw error;
    return { kind: 'refused', fault: { message: error.message, position: error.position } };
  }
};

const readPath = (text: string): ClaimPath => {
  if (text.length > maxClaimPathCharacters)
    throw new PathRefusal(
      `a claim path has at most ${maxClaimPathCharacters} characters`,
      maxClaimPathCharacters,
    );
  if (text.charAt(0) !== '$') throw new PathRefusal('a claim path begins with $', 0);
  const cursor: Cursor = { text, at: 1 };
  const path: Selector[] = [];
  while (cursor.at < text.length) path.push(readSegment(cursor));
  return path;
};

const readSegment = (cursor: Cursor): Selector => {
  skipBlanks(cursor);
  switch (cursor.text.charAt(cursor.at)) {
    case '.':
      cursor.at += 1;
      return readShorthand(cursor);
    case '[':
      cursor.at += 1;
      return readBracketed(cursor);
    default:
      throw new PathRefusal('expected .name or [ here', cursor.at);
  }
};

const shorthand =
  /[A-Za-z_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}][0-9A-Za-z_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]*/uy;

const readShorthand = (cursor: Cursor): string => {
  shorthand.lastIndex = cursor.at;
  const name = shorthand.exec(cursor.text)?.[0];
  if (name === undefined)
    throw new PathRefusal(
      "expected a name of letters, digits and _; write others as ['name'], one name only",
      cursor.at,
    );
  cursor.at += name.length;
  return name;
};

const readBracketed = (cursor: Cursor): Selector => {
  skipBlanks(cursor);
  const first = cursor.text.charAt(cursor.at);
  const selector = first === "'" || first === '"' ? readName(cursor, first) : readIndex(cursor);
  skipBlanks(cursor);
  if (cursor.text.charAt(cursor.at) !== ']')
    throw new PathRefusal('expected ] here: one name or index is allowed', cursor.at);
  cursor.at += 1;
  return selector;
};

const index = /0|-?[1-9][0-9]*/y;

const readIndex = (cursor: Cursor): number => {
  index.lastIndex = cursor.at;
  const digits = index.exec(cursor.text)?.[0];
  if (digits === undefined) throw new PathRefusal('expected a quoted name or an index here', cursor.at);
  if (!Number.isSafeInteger(Number(digits))) throw new PathRefusal('the index is too large', cursor.at);
  cursor.at += digits.length;
  return Number(digits);
};

const skipBlanks = (cursor: Cursor): void => {
  while (' \t\n\r'.includes(cursor.text.charAt(cursor.at)) && cursor.at < cursor.text.length) cursor.at += 1;
};
