/**
 * Header lines. A header that the request does not have is "" as a field of its own (`http.user_agent eq ""` finds
 * clients that send none), no key of http.request.headers, and no line of names and values.
 */
import type { FieldContext, FieldReader, FieldReaders, Lists } from './context.ts';
import { acceptedLanguages } from './languages.ts';

const none: readonly string[] = Object.freeze([]);

/** The lines of one header, by its lower-case name. */
export const linesOf = ({ request }: FieldContext, name: string): readonly string[] => {
  const lines = request.headers.get(name);
  if (lines === undefined) return none;
  return typeof lines === 'string' ? [lines] : lines;
};

const wholeHeader =
  (name: string, separator: string): FieldReader =>
  (context) =>
    linesOf(context, name).join(separator);

/** Headers that may stand only once: the first counts. */
const firstLine =
  (name: string): FieldReader =>
  (context) =>
    linesOf(context, name)[0] ?? '';

const headersOf = ({ request, derived }: FieldContext): Lists => {
  derived.headers ??= listsOf(request.headers);
  return derived.headers;
};

const listsOf = (headers: ReadonlyMap<string, string | readonly string[]>): Lists => {
  const lists = new Map<string, readonly string[]>();
  for (const [name, lines] of headers) lists.set(name, typeof lines === 'string' ? [lines] : lines);
  return lists;
};

// Gateways speak of headers in lower case: the case that a client of HTTP/1 wrote is not known here.
const namesOf: FieldReader = (context) =>
  [...headersOf(context)].flatMap(([name, lines]) => lines.map(() => name));
const valuesOf: FieldReader = (context) => [...headersOf(context).values()].flat();

export const headerReaders: FieldReaders = {
  'http.cookie': wholeHeader('cookie', '; '),
  'http.referer': firstLine('referer'),
  'http.user_agent': firstLine('user-agent'),
  'http.x_forwarded_for': wholeHeader('x-forwarded-for', ', '),
  'http.request.accepted_languages': (context) => acceptedLanguages(linesOf(context, 'accept-language')),
  'http.request.headers': headersOf,
  'http.request.headers.names': namesOf,
  'http.request.headers.values': valuesOf,
  // Interfaces refuse requests with too many headers; none drops some.
  'http.request.headers.truncated': () => false,
  'raw.http.request.headers': headersOf,
  'raw.http.request.headers.names': namesOf,
  'raw.http.request.headers.values': valuesOf,
};
