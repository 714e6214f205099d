/**
 * Finds the text of a value in a JSON document that is known to be valid and to have it: numbers are needed as they are
 * written, and the parser of the platform gives them as doubles. One pass, nothing is built.
 */
import { fromText, toText, type Value } from '../values.ts';

const scalar = /[^\s,\]}]+/y;
const space = /[ \t\r\n]*/y;

class Reader {
  readonly document: string;
  at = 0;

  constructor(document: string) {
    this.document = document;
  }

  take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.document)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  /** The next unit that is no white space, not gone past. */
  peek(): string {
    this.take(space);
    return this.document.charAt(this.at);
  }

  /** A string with its quotes. */
  takeString(): string {
    const start = this.at;
    do {
      this.at = this.document.indexOf('"', this.at + 1);
    } while (this.#isEscaped());
    this.at += 1;
    return this.document.slice(start, this.at);
  }

  /** Whether an odd number of backslashes stands before the quote here. */
  #isEscaped(): boolean {
    let before = this.at;
    while (this.document.charAt(before - 1) === '\\') before -= 1;
    return (this.at - before) % 2 === 1;
  }

  /** Goes past a value, whatever is in it. */
  skip(): void {
    let depth = 0;
    do {
      const unit = this.peek();
      if (unit === '"') this.takeString();
      else if (unit === '[' || unit === '{') depth += 1;
      else if (unit === ']' || unit === '}') depth -= 1;
      else if (unit !== ',' && unit !== ':') this.take(scalar);
      if (unit !== '"' && '[]{},:'.includes(unit)) this.at += 1;
    } while (depth > 0);
  }
}

/** The place of the value that `key` picks: of a name that is there twice the last one. */
const enter = (reader: Reader, key: Value): number => {
  reader.peek();
  reader.at += 1;
  const name = typeof key === 'string' ? key : null;
  let found = -1;
  for (let index = 0; !']}'.includes(reader.peek()); index += 1) {
    if (reader.peek() === ',') reader.at += 1;
    reader.peek();
    const isNamed = name !== null && textOf(reader.takeString()) === name;
    if (name !== null) {
      reader.peek();
      reader.at += 1;
      reader.peek();
    }
    if (isNamed || index === key) found = reader.at;
    if (index === key) return found;
    reader.skip();
  }
  return found;
};

/** The bytes that a string of the document stands for. */
const textOf = (string: string): string =>
  string.includes('\\') ? fromText(JSON.parse(toText(string) as string)) : string.slice(1, -1);

/** The text of the number at `path`. O(bytes). */
export const sourceOf = (document: string, path: readonly Value[]): string => {
  const reader = new Reader(document);
  for (const key of path) reader.at = enter(reader, key);
  reader.peek();
  return reader.take(scalar);
};
