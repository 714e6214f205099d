/**
 * Headers and cookies of a request as the fields of the Rules language have them, for sources of tokens. One reading for
 * ingest and enforcer: from the same request both must take the same token. Made when first asked for.
 */
import type { Value } from '@precede/rules';
import { type FieldReader, trimBlanks } from './token-source.ts';

export type Texts = Iterable<readonly [name: string, value: string | readonly string[]]>;

type Lists = Map<string, string[]>;

/** `cookies` stand beside those of the cookie header, and win by name. */
export const readRequestFields = (headers: Texts, cookies: Texts): FieldReader => {
  let headerLists: Lists | undefined;
  let cookieLists: Lists | undefined;
  const ofHeaders = (): Lists => {
    headerLists ??= listsOf(headers, (name) => toBytes(name.toLowerCase()));
    return headerLists;
  };
  return (fieldName): Value | undefined => {
    switch (fieldName) {
      case 'http.request.headers':
        return ofHeaders();
      case 'http.request.cookies':
        cookieLists ??= cookiesOf(ofHeaders().get('cookie') ?? [], cookies);
        return cookieLists;
      default:
        return undefined;
    }
  };
};

const cookiesOf = (lines: readonly string[], cookies: Texts): Lists => {
  const all: Lists = new Map();
  for (const line of lines) for (const piece of line.split(';')) addCookie(all, piece);
  for (const [name, values] of listsOf(cookies, (each) => decodeName(toBytes(each)))) all.set(name, values);
  return all;
};

/** A piece without `=` is a name; an empty one is nothing. */
const addCookie = (all: Lists, piece: string): void => {
  const text = trimBlanks(piece);
  if (text === '') return;
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : trimBlanks(text.slice(0, equals));
  add(all, decodeName(name), equals === -1 ? '' : trimBlanks(text.slice(equals + 1)));
};

const listsOf = (texts: Texts, keyOf: (name: string) => string): Lists => {
  const lists: Lists = new Map();
  for (const [name, value] of texts)
    for (const each of typeof value === 'string' ? [value] : value) add(lists, keyOf(name), toBytes(each));
  return lists;
};

const add = (lists: Lists, name: string, value: string): void => {
  const known = lists.get(name);
  if (known === undefined) lists.set(name, [value]);
  else known.push(value);
};

/** By bytes, as values of the language are: what is no UTF-8 stays what it is. */
const decodeName = (bytes: string): string =>
  bytes.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

const beyondAscii = /[^\0-\x7f]/;

const toBytes = (text: string): string =>
  beyondAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
