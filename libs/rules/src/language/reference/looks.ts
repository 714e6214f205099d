/** Assertions of regular expressions about a place between two bytes, naively: each is one sentence about its sides. */
import { Look } from '../../regex/look.ts';
import { toText } from '../values.ts';

/** The character that the bytes from `start` to `end` encode; undefined if they are not exactly one. */
const characterOf = (bytes: string, start: number, end: number): string | undefined => {
  if (start < 0 || end > bytes.length) return undefined;
  const characters = [...(toText(bytes.slice(start, end)) ?? '')];
  return characters.length === 1 ? characters[0] : undefined;
};

const lengths = [1, 2, 3, 4];

/** The character that begins here, in UTF-8; undefined at the end and where the bytes are none. */
export const characterAfter = (bytes: string, at: number): string | undefined =>
  lengths.map((length) => characterOf(bytes, at, at + length)).find((each) => each !== undefined);

export const characterBefore = (bytes: string, at: number): string | undefined =>
  lengths.map((length) => characterOf(bytes, at - length, at)).find((each) => each !== undefined);

/** Unicode Technical Standard 18, annex C. */
const unicodeWord = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const asciiWord = /^[0-9A-Za-z_]$/;

/** Whether an assertion holds before the byte at `at`. */
export const holdsAt = (look: Look, bytes: string, at: number): boolean => {
  const before = at === 0 ? 'edge' : bytes.charAt(at - 1);
  const after = at === bytes.length ? 'edge' : bytes.charAt(at);
  const wasWord = asciiWord.test(before);
  const isWord = asciiWord.test(after);
  const [left, right] = [characterBefore(bytes, at), characterAfter(bytes, at)];
  const wasUnicodeWord = unicodeWord.test(left ?? '');
  const isUnicodeWord = unicodeWord.test(right ?? '');
  /** Bytes that are no character: what asks for the absence of a word does not hold beside them. */
  const isBrokenBefore = before !== 'edge' && left === undefined;
  const isBrokenAfter = after !== 'edge' && right === undefined;
  switch (look) {
    case Look.textStart:
      return before === 'edge';
    case Look.textEnd:
      return after === 'edge';
    case Look.lineStart:
      return before === 'edge' || before === '\n';
    case Look.lineEnd:
      return after === 'edge' || after === '\n';
    case Look.crlfLineStart:
      return before === 'edge' || before === '\n' || (before === '\r' && after !== '\n');
    case Look.crlfLineEnd:
      return after === 'edge' || after === '\r' || (after === '\n' && before !== '\r');
    case Look.wordBoundary:
      return wasWord !== isWord;
    case Look.notWordBoundary:
      return wasWord === isWord;
    case Look.wordStart:
      return !wasWord && isWord;
    case Look.wordEnd:
      return wasWord && !isWord;
    case Look.wordStartHalf:
      return !wasWord;
    case Look.wordEndHalf:
      return !isWord;
    case Look.unicodeWordBoundary:
      return wasUnicodeWord !== isUnicodeWord;
    case Look.unicodeNotWordBoundary:
      return wasUnicodeWord === isUnicodeWord && !isBrokenBefore && !isBrokenAfter;
    case Look.unicodeWordStart:
      return !wasUnicodeWord && isUnicodeWord;
    case Look.unicodeWordEnd:
      return wasUnicodeWord && !isUnicodeWord;
    case Look.unicodeWordStartHalf:
      return !wasUnicodeWord && !isBrokenBefore;
    case Look.unicodeWordEndHalf:
      return !isUnicodeWord && !isBrokenAfter;
    default:
      return look satisfies never;
  }
};
