/** Where the elements of a JSON array lie, without parsing them: brackets and strings are followed, nothing else. */
import { InputError } from '@precede/contracts';

export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Cuts an array whose `[` is the first thing in the text. Linear. Throws InputError where the array is not one. */
export function* cutElements(text: string): Generator<Span> {
  let start = text.indexOf('[') + 1;
  if (/^[ \t\r\n]*\]/.test(text.slice(start, start + 1024)))
    return expectEnd(text, text.indexOf(']', start) + 1);
  for (;;) {
    const end = endOfElement(text, start);
    if (end === text.length)
      throw new InputError(
        '',
        `the JSON array stops before its end, at character ${end}; nothing was accepted`,
      );
    yield { start, end };
    start = end + 1;
    if (text.charCodeAt(end) === closeBracket) return expectEnd(text, start);
  }
}

const expectEnd = (text: string, from: number): void => {
  if (text.slice(from).trim() !== '')
    throw new InputError(
      '',
      `something follows the JSON array, from character ${from}; nothing was accepted`,
    );
};

const endOfElement = (text: string, start: number): number => {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = endOfString(text, i);
    else if (code === openBracket || code === openBrace) depth += 1;
    else if (code === closeBracket || code === closeBrace) {
      if (depth === 0) return i;
      depth -= 1;
    } else if (code === comma && depth === 0) return i;
  }
  return text.length;
};

/** The place of the closing quote, or the end of the text. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
};
