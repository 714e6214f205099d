/**
 * Assertions about a place between two bytes. What they depend on is the kind of the byte before and of the one after, so the
 * matchers hand over two kinds and no text. Words of Unicode alone need the text: `isWordScalarAt`.
 */
import { contains } from './ranges.ts';
import { unicodeWords } from './unicode.ts';

export const Look = {
  textStart: 0,
  textEnd: 1,
  lineStart: 2,
  lineEnd: 3,
  crlfLineStart: 4,
  crlfLineEnd: 5,
  wordBoundary: 6,
  notWordBoundary: 7,
  wordStart: 8,
  wordEnd: 9,
  wordStartHalf: 10,
  wordEndHalf: 11,
  unicodeWordBoundary: 12,
  unicodeNotWordBoundary: 13,
  unicodeWordStart: 14,
  unicodeWordEnd: 15,
  unicodeWordStartHalf: 16,
  unicodeWordEndHalf: 17,
} as const;
export type Look = (typeof Look)[keyof typeof Look];

const unicodeOffset = Look.unicodeWordBoundary - Look.wordBoundary;

export const isUnicodeLook = (look: Look): boolean => look >= Look.unicodeWordBoundary;
export const isWordLook = (look: Look): boolean => look >= Look.wordBoundary;
/** The one that asks the same of ASCII words; it gives the same answer where both bytes are ASCII. */
export const asciiLookOf = (look: Look): Look => (isUnicodeLook(look) ? look - unicodeOffset : look) as Look;
/** The one of Unicode words, of an assertion about ASCII words. */
export const unicodeLookOf = (look: Look): Look => (look + unicodeOffset) as Look;

/** What stands beside the place; `edge` is the start or the end of the text. */
export const Beside = { other: 0, edge: 1, lineFeed: 2, carriageReturn: 3, word: 4 } as const;
export type Beside = (typeof Beside)[keyof typeof Beside];

const besideOfByte = new Uint8Array(256);
for (const text of ['0123456789_', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'])
  for (const letter of text) besideOfByte[letter.charCodeAt(0)] = Beside.word;
besideOfByte[0x0a] = Beside.lineFeed;
besideOfByte[0x0d] = Beside.carriageReturn;

export const besideOf = (byte: number): Beside => besideOfByte[byte] as Beside;

/** Of the byte at `index`, or the edge if there is none. */
export const besideAt = (bytes: string, index: number): Beside =>
  index < 0 || index >= bytes.length ? Beside.edge : besideOf(bytes.charCodeAt(index) & 0xff);

/** Not for assertions about words of Unicode. */
export const holds = (look: Look, before: Beside, after: Beside): boolean => {
  switch (look) {
    case Look.textStart:
      return before === Beside.edge;
    case Look.textEnd:
      return after === Beside.edge;
    case Look.lineStart:
      return before === Beside.edge || before === Beside.lineFeed;
    case Look.lineEnd:
      return after === Beside.edge || after === Beside.lineFeed;
    case Look.crlfLineStart:
      return (
        before === Beside.edge ||
        before === Beside.lineFeed ||
        (before === Beside.carriageReturn && after !== Beside.lineFeed)
      );
    case Look.crlfLineEnd:
      return (
        after === Beside.edge ||
        after === Beside.carriageReturn ||
        (after === Beside.lineFeed && before !== Beside.carriageReturn)
      );
    default:
      return wordHolds(look, before === Beside.word, after === Beside.word);
  }
};

const wordHolds = (look: Look, isAfterWord: boolean, isBeforeWord: boolean): boolean => {
  switch (look) {
    case Look.wordBoundary:
      return isAfterWord !== isBeforeWord;
    case Look.notWordBoundary:
      return isAfterWord === isBeforeWord;
    case Look.wordStart:
      return !isAfterWord && isBeforeWord;
    case Look.wordEnd:
      return isAfterWord && !isBeforeWord;
    case Look.wordStartHalf:
      return !isAfterWord;
    default:
      return !isBeforeWord;
  }
};

/** At a place in a text; of any assertion. */
export const holdsAt = (look: Look, bytes: string, index: number): boolean => {
  if (!isUnicodeLook(look)) return holds(look, besideAt(bytes, index - 1), besideAt(bytes, index));
  const before = scalarBefore(bytes, index);
  const after = scalarAt(bytes, index, bytes.length);
  if (isRefused(look, before, after)) return false;
  return wordHolds(asciiLookOf(look), isWord(before), isWord(after));
};

/** Where bytes are no UTF-8, an assertion that something is not a word must not hold inside of a character. */
const isRefused = (look: Look, before: number, after: number): boolean => {
  const asksBefore = look === Look.unicodeNotWordBoundary || look === Look.unicodeWordStartHalf;
  const asksAfter = look === Look.unicodeNotWordBoundary || look === Look.unicodeWordEndHalf;
  return (asksBefore && before === invalid) || (asksAfter && after === invalid);
};

const none = -1;
const invalid = -2;

const isWord = (scalar: number): boolean => scalar >= 0 && contains(unicodeWords(), scalar);

const lengthOf = (lead: number): number =>
  lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;

const smallest = [0, 0, 0x80, 0x800, 0x10000];

/** The code point whose encoding starts at `start` and ends at or before `end`. */
export const scalarAt = (bytes: string, start: number, end: number): number => {
  if (start >= end) return none;
  const lead = bytes.charCodeAt(start);
  const length = lengthOf(lead);
  if (length === 0 || start + length > end) return invalid;
  let scalar = length === 1 ? lead : lead & (0x7f >> length);
  for (let i = start + 1; i < start + length; i++) {
    const unit = bytes.charCodeAt(i);
    if ((unit & 0xc0) !== 0x80) return invalid;
    scalar = (scalar << 6) | (unit & 0x3f);
  }
  const isScalar =
    scalar >= (smallest[length] as number) && scalar <= 0x10ffff && (scalar & 0x1ff800) !== 0xd800;
  return isScalar ? scalar : invalid;
};

/** As above, of the encoding that is last before `end`. What follows it is not looked at. */
const scalarBefore = (bytes: string, end: number): number => {
  let start = end - 1;
  while (start > 0 && start > end - 4 && (bytes.charCodeAt(start) & 0xc0) === 0x80) start--;
  return end === 0 ? none : scalarAt(bytes, start, end);
};
