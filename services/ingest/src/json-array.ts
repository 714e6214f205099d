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
const space: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Cuts an array whose `[` is the first thing in the text. Linear. Throws InputError where the array is not one. Where
 * every element is JSON, the array is: a bracket of the wrong kind or without its partner stays inside an element, for
 * the parser to refuse.
 */
export function* cutElements(text: string): Generator<Span> {
  let start = text.indexOf('[') + 1;
  const first = afterSpace(text, start);
  if (text.charCodeAt(first) === closeBracket) return expectEnd(text, first + 1);
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

/** The first place from `from` that is no white space of JSON, or the end of the text. */
const afterSpace = (text: string, from: number): number => {
  let place = from;
  while (space.has(text.charCodeAt(place))) place += 1;
  return place;
};

const expectEnd = (text: string, from: number): void => {
  if (afterSpace(text, from) < text.length)
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
    else if (depth === 0) {
      if (code === comma || code === closeBracket) return i;
    } else if (code === closeBracket || code === closeBrace) depth -= 1;
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
