/** Functions over texts and arrays: case, length, parts. All work on bytes. */
import { printAddress } from '../addresses.ts';
import { arrayOf, Bool, Bytes, Int, sameType } from '../types.ts';
import { maxResultBytes, type Value } from '../values.ts';
import { lowerAscii } from '../wildcard.ts';
import { anyOf, bytes, define, defineLoose, int, literalInt, scalars, text, value } from './define.ts';
import type { FunctionDefinition } from './definition.ts';

const lowerCase = /[a-z]+/g;
const upperAscii = (source: string): string => source.replace(lowerCase, (run) => run.toUpperCase());

/** The place that an index means in `length` items: from the end if it is negative, never outside. */
const clamp = (index: number | bigint, length: number): number => {
  const at = Number(index);
  return Math.min(length, Math.max(0, at < 0 ? length + at : at));
};

const substring = (source: string, start: number | bigint, end: number | bigint = source.length): string => {
  const from = clamp(start, source.length);
  return source.slice(from, Math.max(from, clamp(end, source.length)));
};

const removeBytes = (source: string, removed: string): string => {
  if (removed.length === 1) return source.replaceAll(removed, '');
  const unwanted = new Set(removed);
  let kept = '';
  for (const byte of source) if (!unwanted.has(byte)) kept += byte;
  return kept;
};

const splitText = (source: string, separator: string, limit: number): readonly string[] => {
  const parts: string[] = [];
  let start = 0;
  while (parts.length < limit - 1) {
    const found = source.indexOf(separator, start);
    if (found === -1) break;
    parts.push(source.slice(start, found));
    start = found + separator.length;
  }
  return [...parts, source.slice(start)];
};

/** Texts one behind the other with `between` between them; undefined if that is more than a function may give. */
const joinTexts = (texts: readonly string[], between: string): string | undefined => {
  let length = between.length * Math.max(0, texts.length - 1);
  for (const each of texts) length += each.length;
  return length > maxResultBytes ? undefined : texts.join(between);
};

const toText = (found: Value): string => {
  if (typeof found === 'string') return printAddress(found);
  return String(found);
};

const concatenated = (args: readonly (Value | undefined)[]): Value | undefined => {
  const there = args.filter((each): each is Value => each !== undefined);
  if (there.length === 0) return undefined;
  return Array.isArray(there[0]) ? (there as Value[][]).flat() : joinTexts(there as string[], '');
};

export const textFunctions: readonly FunctionDefinition[] = [
  define({
    name: 'lower',
    doc: 'ASCII letters in lower case, other bytes as they are',
    example: 'lower(http.host) eq "api.example.com"',
    slots: [bytes('source')],
    returns: Bytes,
    bind: () => (args) => lowerAscii(args[0] as string),
  }),
  define({
    name: 'upper',
    doc: 'ASCII letters in upper case, other bytes as they are',
    example: 'upper(http.request.uri.path) eq "/CART"',
    slots: [bytes('source')],
    returns: Bytes,
    bind: () => (args) => upperAscii(args[0] as string),
  }),
  define({
    name: 'len',
    doc: 'number of bytes of a text, of items of an array; missing if that is, so len(map["key"]) ge 0 asks for the key',
    example: 'len(http.request.uri.path) gt 1024',
    slots: [anyOf('source', Bytes, 'array')],
    returns: Int,
    bind: () => (args) => (args[0] as string | readonly Value[]).length,
  }),
  define({
    name: 'starts_with',
    doc: 'begins with these bytes',
    example: 'starts_with(http.request.uri.path, "/v2/")',
    slots: [value(bytes('source')), bytes('start')],
    returns: Bool,
    bind: () => (args) => (args[0] as string).startsWith(args[1] as string),
  }),
  define({
    name: 'ends_with',
    doc: 'ends with these bytes',
    example: 'ends_with(http.request.uri.path, ".json")',
    slots: [value(bytes('source')), bytes('end')],
    returns: Bool,
    bind: () => (args) => (args[0] as string).endsWith(args[1] as string),
  }),
  define({
    name: 'substring',
    doc: 'the bytes from start up to but without end; negative places count from the end, those outside are cut to it',
    example: 'substring(http.host, -4) eq ".com"',
    slots: [bytes('source'), int('start'), { ...int('end'), isOptional: true }],
    returns: Bytes,
    bind: () => (args) =>
      substring(args[0] as string, args[1] as number | bigint, args[2] as number | bigint | undefined),
  }),
  define({
    name: 'remove_bytes',
    doc: 'without every byte that occurs in the second text',
    example: 'remove_bytes(http.host, "-.") eq "apiexamplecom"',
    slots: [bytes('source'), bytes('removed')],
    returns: Bytes,
    bind: () => (args) => removeBytes(args[0] as string, args[1] as string),
  }),
  define({
    name: 'to_string',
    doc: 'an Int in decimal, a Bool as true or false, an Ip in its shortest form',
    example: 'to_string(cf.threat_score) eq "10"',
    slots: [anyOf('source', ...scalars)],
    returns: Bytes,
    bind: () => (args) => toText(args[0] as Value),
  }),
  defineLoose({
    name: 'concat',
    doc: 'texts or arrays one behind the other; missing ones are left out, missing only if all are',
    example: 'concat(http.request.method, " ", http.host) eq "GET api.example.com"',
    slots: [anyOf('first', Bytes, 'array'), anyOf('second', Bytes, 'array')],
    isVariadic: true,
    returns: (parameters) => parameters[0]?.type ?? Bytes,
    refuse: (_at, parameter, before) =>
      before[0] === undefined || sameType(before[0].type, parameter.type)
        ? null
        : 'is of the type of the first',
    bind: () => concatenated,
  }),
  define({
    name: 'split',
    doc: 'the parts between the separators, at most limit (1 to 128); the last one keeps the rest',
    example: 'split(http.request.headers["x-tags"][0], ",", 8)[0] eq "beta"',
    slots: [
      bytes('source'),
      text('separator', (found) => (found === '' ? 'is not empty' : null)),
      literalInt('limit', 1, 128),
    ],
    returns: arrayOf(Bytes),
    bind: () => (args) => splitText(args[0] as string, args[1] as string, args[2] as number),
  }),
  define({
    name: 'join',
    doc: 'the items with the separator between them',
    example: 'join(http.request.headers.names, ",") contains "x-tenant"',
    slots: [anyOf('items', arrayOf(Bytes)), bytes('separator')],
    returns: Bytes,
    bind: () => (args) => joinTexts(args[0] as readonly string[], args[1] as string),
  }),
];
