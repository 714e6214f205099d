/**
 * What follows the semicolons of Content-Type and Content-Disposition: `form-data; name="avatar"; filename=a.png`.
 * Read as browsers write it: within quotes only `\"` is an escape, as other backslashes stand in names of files.
 */
import { lowerAscii, skipBlanks, trimBlanks } from './bytes.ts';

export interface Parameter {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** What stands before the first semicolon, in lower case. */
export const essenceOf = (header: string): string => {
  const semicolon = header.indexOf(';');
  return lowerAscii(trimBlanks(semicolon === -1 ? header : header.slice(0, semicolon)));
};

/** All of them in order, repeats too; those without `=` say nothing. One pass. */
export const parametersOf = (header: string): readonly Parameter[] => {
  const found: Parameter[] = [];
  let at = endOf(header, 0, ';') + 1;
  while (at < header.length) {
    const stop = endOf(header, at, '=;');
    const name = lowerAscii(trimBlanks(header.slice(at, stop)));
    if (header[stop] === '=') {
      const [value, end] = readValue(header, skipBlanks(header, stop + 1));
      found.push({ name, value });
      at = endOf(header, end, ';') + 1;
    } else at = stop + 1;
  }
  return found;
};

/** Where the first of the `stops` is, or the end of the text. */
const endOf = (text: string, from: number, stops: string): number => {
  let at = from;
  while (at < text.length && !stops.includes(text.charAt(at))) at += 1;
  return at;
};

const readValue = (text: string, from: number): readonly [value: string, end: number] => {
  if (text[from] !== '"') {
    const end = endOf(text, from, ';');
    return [trimBlanks(text.slice(from, end)), end];
  }
  const end = endOfQuoted(text, from + 1);
  return [text.slice(from + 1, end).replaceAll('\\"', '"'), end + 1];
};

/** The closing quote; the end of the text where there is none. */
const endOfQuoted = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' && text[at + 1] === '"' ? 2 : 1;
  return at;
};
