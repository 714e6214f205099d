/**
 * Parts of a multipart body (RFC 2046, 5.1; RFC 7578) as far as it came: of a cut body the last part is what is there.
 * Lines may end without CR, as some servers take them. One pass over the body, whatever the boundary is: the boundary
 * is compared only where a line begins with two dashes.
 */
import { lowerAscii, skipBlanks, trimBlanks } from './bytes.ts';
import { type Parameter, parametersOf } from './parameters.ts';

/** What each part says; most are of one item or none. */
export interface Part {
  readonly names: readonly string[];
  readonly filenames: readonly string[];
  readonly dispositions: readonly string[];
  readonly types: readonly string[];
  readonly encodings: readonly string[];
  readonly content: string;
}

/** Parts after these are not read. */
export const maxParts = 128;

interface Delimiter {
  /** Where its line begins. */
  readonly start: number;
  /** Where the next part begins. */
  readonly end: number;
  readonly isLast: boolean;
}

/** `body` as bytes; the boundary is not empty. */
export const parseMultipart = (body: string, boundary: string): readonly Part[] => {
  const parts: Part[] = [];
  let delimiter = findDelimiter(body, boundary, 0);
  while (delimiter !== null && !delimiter.isLast && parts.length < maxParts) {
    const next = findDelimiter(body, boundary, delimiter.end);
    parts.push(parsePart(body.slice(delimiter.end, endOfPart(body, delimiter, next))));
    delimiter = next;
  }
  return parts;
};

/** The first one at or after `from`, which is where a line begins. */
const findDelimiter = (body: string, boundary: string, from: number): Delimiter | null => {
  let at = from;
  while (true) {
    if (body.startsWith('--', at) && body.startsWith(boundary, at + 2)) {
      const delimiter = readDelimiter(body, at, at + 2 + boundary.length);
      if (delimiter !== null) return delimiter;
    }
    const newline = body.indexOf('\n--', at);
    if (newline === -1) return null;
    at = newline + 1;
  }
};

/** Null where more than blanks follows the boundary: then it is a line of the content. */
const readDelimiter = (body: string, start: number, after: number): Delimiter | null => {
  if (body.startsWith('--', after)) return { start, end: body.length, isLast: true };
  const at = skipBlanks(body, after);
  if (at >= body.length) return { start, end: body.length, isLast: true };
  if (body.startsWith('\r\n', at)) return { start, end: at + 2, isLast: false };
  return body[at] === '\n' ? { start, end: at + 1, isLast: false } : null;
};

/** The line end before a delimiter belongs to the delimiter. */
const endOfPart = (body: string, own: Delimiter, next: Delimiter | null): number => {
  if (next === null) return body.length;
  const end = body[next.start - 2] === '\r' ? next.start - 2 : next.start - 1;
  return Math.max(end, own.end);
};

const parsePart = (text: string): Part => {
  const lines: string[] = [];
  let at = 0;
  let line = readLine(text, at);
  while (line.text !== '') {
    addLine(lines, line.text);
    at = line.end;
    line = readLine(text, at);
  }
  return partOf(lines, text.slice(line.end));
};

const readLine = (text: string, from: number): { readonly text: string; readonly end: number } => {
  const newline = text.indexOf('\n', from);
  if (newline === -1) return { text: text.slice(from), end: text.length };
  const end = text[newline - 1] === '\r' ? newline - 1 : newline;
  return { text: text.slice(from, Math.max(from, end)), end: newline + 1 };
};

/** A line that begins blank goes on with the one before it. */
const addLine = (lines: string[], line: string): void => {
  if (lines.length > 0 && skipBlanks(line, 0) > 0) lines.push(`${lines.pop()} ${trimBlanks(line)}`);
  else lines.push(line);
};

const partOf = (lines: readonly string[], content: string): Part => {
  const dispositions = valuesOf(lines, 'content-disposition');
  const parameters = dispositions.flatMap(parametersOf);
  return {
    names: named(parameters, 'name'),
    // What stands under `filename*` is left encoded.
    filenames: [...named(parameters, 'filename'), ...named(parameters, 'filename*')],
    dispositions,
    types: valuesOf(lines, 'content-type'),
    encodings: valuesOf(lines, 'content-transfer-encoding'),
    content,
  };
};

const named = (parameters: readonly Parameter[], name: string): readonly string[] =>
  parameters.filter((each) => each.name === name).map((each) => each.value);

const valuesOf = (lines: readonly string[], name: string): readonly string[] =>
  lines
    .filter((line) => line[name.length] === ':' && lowerAscii(line.slice(0, name.length)) === name)
    .map((line) => trimBlanks(line.slice(name.length + 1)));
