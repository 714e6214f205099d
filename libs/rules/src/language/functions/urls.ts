/** Functions over what stands in URLs: percent escapes and query arguments. */
import { Bytes } from '../types.ts';
import { fromText } from '../values.ts';
import { bytes, define, options, value } from './define.ts';
import type { FunctionDefinition } from './definition.ts';

const percent = 0x25;
const octet = /^%[0-9A-Fa-f]{2}$/;
const utf16 = /^%u[0-9A-Fa-f]{4}$/;

const decodeOnce = /\+|%[0-9A-Fa-f]{2}/g;
const decodeOnceUnicode = /\+|%[0-9A-Fa-f]{2}|(?:%u[0-9A-Fa-f]{4})+/g;

const decoded = (escaped: string): string => {
  if (escaped === '+') return ' ';
  if (!escaped.startsWith('%u')) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return decodeUnits(escaped);
};

/** A run of `%uXXXX`: UTF-8 of what they are in UTF-16; half of a pair stays as it is written. */
const decodeUnits = (run: string): string => {
  const units = (run.match(/.{6}/g) ?? []).map((each) => Number.parseInt(each.slice(2), 16));
  let bytes = '';
  for (let at = 0; at < units.length; at += 1) {
    const character = String.fromCharCode(...units.slice(at, at + 2));
    const point = character.codePointAt(0) as number;
    if (point >= 0xd800 && point < 0xe000) bytes += run.slice(at * 6, at * 6 + 6);
    else bytes += fromText(String.fromCodePoint(point));
    if (point > 0xffff) at += 1;
  }
  return bytes;
};

/**
 * Decodes until nothing changes, in one pass: what has just been decoded may complete an escape before it, which is
 * seen as soon as its last byte is there. (Passes over the whole text would cost its square on `%252525…`.)
 */
const decodeAll = (source: string, isUnicode: boolean): string => {
  const out: string[] = [];
  for (const byte of source) {
    out.push(byte === '+' ? ' ' : byte);
    while (completeEscape(out, isUnicode));
  }
  return out.join('');
};

/** Replaces an escape at the end of `out` by what it stands for; false if there is none. */
const completeEscape = (out: string[], isUnicode: boolean): boolean => {
  const length = isEscape(out, 3, octet) ? 3 : isUnicode && isEscape(out, 6, utf16) ? 6 : 0;
  if (length === 0) return false;
  const bytes = unescaped(out, length);
  if (bytes === null) return false;
  out.length -= bytes.replaced;
  out.push(...(bytes.text === '+' ? ' ' : bytes.text));
  return true;
};

const isEscape = (out: readonly string[], length: number, form: RegExp): boolean =>
  out[out.length - length]?.charCodeAt(0) === percent && form.test(out.slice(-length).join(''));

/** Of a low surrogate behind a high one, both; null for half of a pair, which stays until its other half comes. */
const unescaped = (out: readonly string[], length: number): { text: string; replaced: number } | null => {
  const escaped = out.slice(-length).join('');
  if (length === 3) return { text: decoded(escaped), replaced: 3 };
  const text = decodeUnits(escaped);
  if (text !== escaped) return { text, replaced: 6 };
  const pair = out.slice(-12).join('');
  if (!/^(?:%u[0-9A-Fa-f]{4}){2}$/.test(pair)) return null;
  const joined = decodeUnits(pair);
  return joined.startsWith('%u') ? null : { text: joined, replaced: 12 };
};

const urlDecode = (source: string, flags: string): string => {
  const isUnicode = flags.includes('u');
  if (flags.includes('r')) return decodeAll(source, isUnicode);
  return source.replace(isUnicode ? decodeOnceUnicode : decodeOnce, decoded);
};

/** The name of a query argument: up to its first `=`. */
const nameOf = (argument: string): string => {
  const end = argument.indexOf('=');
  return end === -1 ? argument : argument.slice(0, end);
};

const removeArguments = (query: string, names: ReadonlySet<string>): string =>
  query
    .split('&')
    .filter((argument) => !names.has(nameOf(argument)))
    .join('&');

const queryFields = new Set(['http.request.uri.query', 'raw.http.request.uri.query']);

export const urlFunctions: readonly FunctionDefinition[] = [
  define({
    name: 'url_decode',
    doc: '%XX as the byte, + as a space; option r: until nothing is left to decode, u: %uXXXX as UTF-8 too',
    example: 'url_decode(http.request.uri.query) contains "drop table"',
    slots: [value(bytes('source')), options('options', 'ru')],
    returns: Bytes,
    bind: ([, flags]) => {
      const chosen = (flags?.literal ?? '') as string;
      return (args) => urlDecode(args[0] as string, chosen);
    },
  }),
  define({
    name: 'remove_query_args',
    doc: 'the query without all arguments of these names, the others in their order',
    example: 'remove_query_args(http.request.uri.query, "utm_source") eq "page=2"',
    slots: [value(bytes('query')), bytes('name')],
    isVariadic: true,
    returns: Bytes,
    refuse: (at, { field }) =>
      at > 0 || (field !== undefined && queryFields.has(field))
        ? null
        : `is ${[...queryFields].join(' or ')}`,
    bind: () => (args) => removeArguments(args[0] as string, new Set(args.slice(1) as string[])),
  }),
];
