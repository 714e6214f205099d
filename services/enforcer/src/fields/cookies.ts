/**
 * Cookies by name: those that the gateway names, and of the cookie header those that it does not. Names are URL-decoded,
 * and only then compared, so that `%73id` is not another cookie than `sid`.
 */
import { decodePercent, trimBlanks } from './bytes.ts';
import type { FieldContext, FieldReaders, Lists } from './context.ts';
import { linesOf } from './headers.ts';
import { addTo, parsePair } from './pairs.ts';

const cookiesOf = (context: FieldContext): Lists => {
  context.derived.cookies ??= readCookies(context);
  return context.derived.cookies;
};

const readCookies = (context: FieldContext): Lists => {
  const lists = new Map<string, string[]>();
  for (const [name, value] of context.request.cookies) addTo(lists, decodePercent(name), value);
  const given = new Set(lists.keys());
  for (const line of linesOf(context, 'cookie'))
    for (const [name, value] of parseCookies(line)) if (!given.has(name)) addTo(lists, name, value);
  return lists;
};

/** `a=1; b="2"` (RFC 6265, 4.2.1): values as they stand, quotes included; a piece without `=` is a name. */
const parseCookies = (header: string): readonly (readonly [name: string, value: string])[] =>
  header
    .split(';')
    .map(trimBlanks)
    .filter((piece) => piece !== '')
    .map((piece) => {
      const [name, value] = parsePair(piece);
      return [decodePercent(trimBlanks(name)), trimBlanks(value)];
    });

export const cookieReaders: FieldReaders = { 'http.request.cookies': cookiesOf };
