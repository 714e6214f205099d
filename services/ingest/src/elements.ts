/**
 * From the text of a body to its events, one at a time: a JSON array, one JSON object, or NDJSON. An array is cut into
 * its elements before they are parsed, so that no more than one event's worth of objects exists beside what is kept,
 * whatever the body holds. In an array a syntax fault refuses the body; in NDJSON, where lines stand alone, its line.
 */
import { isUtf8 } from 'node:buffer';
import { InputError } from '@precede/contracts';
import { EventFault, EventFaultCode, fault } from './event.ts';
import { cutElements } from './json-array.ts';
import { firstInvalidByte } from './utf8.ts';

export interface Element {
  /** Place among the events of the body, from 0. */
  readonly index: number;
  /** Line of an NDJSON body, from 1; null elsewhere. */
  readonly line: number | null;
  /** Parsed JSON, or the EventFault that says why there is none. */
  readonly value: unknown;
}

export interface ElementOptions {
  /** Whether the sender says that it is NDJSON; otherwise the text decides. */
  readonly isNdjson: boolean;
  /** Bytes of one event's text. */
  readonly maxEventBytes: number;
}

/** The events of a body in order. Throws InputError where the body is refused whole. */
export function* elementsOf(body: Buffer, options: ElementOptions): Generator<Element> {
  const isText = isUtf8(body);
  const text = isText ? withoutMark(body.toString('utf8')) : '';
  if (!isText) {
    if (!options.isNdjson && !looksLikeLines(body)) throw notUtf8(body);
    yield* parsedLines(linesOfBytes(body), options.maxEventBytes);
    return;
  }
  const first = options.isNdjson ? '{' : firstCharacter(text);
  if (first === '[') yield* parsedArray(text, options.maxEventBytes);
  else if (first === '{') yield* parsedObjects(text, options);
  else throw new InputError('', notEvents(first));
}

const notEvents = (first: string): string =>
  first === ''
    ? 'the body is empty; expected a JSON array, a JSON object or NDJSON'
    : `the body is not JSON: ${JSON.stringify(first)} where a JSON array, a JSON object or NDJSON should begin`;

const notUtf8 = (body: Buffer): InputError =>
  new InputError('', `the body is not UTF-8 at byte ${firstInvalidByte(body)}; nothing of it was accepted`);

const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
const firstCharacter = (text: string): string => /[^ \t\r\n]/.exec(text)?.[0] ?? '';
const looksLikeLines = (body: Buffer): boolean =>
  firstCharacter(withoutMark(body.toString('utf8', 0, 1024))) === '{' && body.includes(0x0a);

function* parsedArray(text: string, maxBytes: number): Generator<Element> {
  let index = 0;
  for (const { start, end } of cutElements(text)) {
    const value = parse(text.slice(start, end), maxBytes);
    if (value instanceof EventFault && value.code === EventFaultCode.notJson)
      throw new InputError(
        `/${index}`,
        `event ${index}, from character ${start}, is not JSON; nothing was accepted`,
      );
    yield { index, line: null, value };
    index += 1;
  }
}

// An object alone may be spread over lines; only what is no JSON as a whole is taken line by line.
function* parsedObjects(text: string, options: ElementOptions): Generator<Element> {
  const value = options.isNdjson ? undefined : parse(text, options.maxEventBytes);
  if (value === undefined || value instanceof EventFault)
    yield* parsedLines(linesOfText(text), options.maxEventBytes);
  else yield { index: 0, line: null, value };
}

function* parsedLines(lines: Iterable<string | EventFault>, maxBytes: number): Generator<Element> {
  let index = 0;
  let line = 0;
  for (const each of lines) {
    line += 1;
    if (typeof each === 'string' && isBlank(each)) continue;
    yield { index, line, value: typeof each === 'string' ? parse(each, maxBytes) : each };
    index += 1;
  }
}

const isBlank = (line: string): boolean => line.length < 3 && line.trim() === '';

const parse = (text: string, maxBytes: number): unknown => {
  if (text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes))
    return fault(EventFaultCode.tooLong, '', `the event is longer than ${maxBytes} bytes`);
  try {
    return JSON.parse(text);
  } catch {
    return fault(EventFaultCode.notJson, '', 'the event is not JSON');
  }
};

function* linesOfText(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    const end = newline === -1 ? text.length : newline;
    yield text.slice(from, end);
    from = end + 1;
  }
}

function* linesOfBytes(body: Buffer): Generator<string | EventFault> {
  for (let from = 0; from < body.length; ) {
    const newline = body.indexOf(0x0a, from);
    const end = newline === -1 ? body.length : newline;
    const line = body.subarray(from, end);
    yield isUtf8(line)
      ? withoutMark(line.toString('utf8'))
      : fault(EventFaultCode.notUtf8, '', `the event is not UTF-8 at its byte ${firstInvalidByte(line)}`);
    from = end + 1;
  }
}
