/** Functions over what stands in URLs: percent escapes and query arguments. */
import { Bytes } from '../types.ts';
import { fromOctets, fromText } from '../values.ts';
import { bytes, define, options, value } from './define.ts';
import type { FunctionDefinition } from './definition.ts';

const [percent, plus, space] = [0x25, 0x2b, 0x20];
const octet = /^%[0-9A-Fa-f]{2}$/;
const utf16 = /^%u[0-9A-Fa-f]{4}$/;
const utf16Pair = /^(?:%u[0-9A-Fa-f]{4}){2}$/;
const isHexDigit = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Fa-f]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

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
  // Decoding only ever shortens.
  const out = new Stack(source.length);
  for (let at = 0; at < source.length; at += 1) {
    out.push(source.charCodeAt(at));
    while (out.endsInHex && completeEscape(out, isUnicode));
  }
  return fromOctets(out.octets);
};

class Stack {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** A plus is a space, whether it came as one or was decoded. */
  push(byte: number): void {
    this.#bytes[this.#length] = byte === plus ? space : byte;
    this.#length += 1;
  }

  drop(count: number): void {
    this.#length -= count;
  }

  /** Whether the last byte may end an escape. */
  get endsInHex(): boolean {
    return isHexDigit[this.#bytes[this.#length - 1] ?? 0] === 1;
  }

  /** The last bytes if the first of them is a percent sign; '' if not. */
  last(count: number): string {
    const start = this.#length - count;
    if (start < 0 || this.#bytes[start] !== percent) return '';
    return String.fromCharCode(...this.#bytes.subarray(start, this.#length));
  }

  get octets(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Replaces an escape at the end of `out` by what it stands for; false if there is none. */
const completeEscape = (out: Stack, isUnicode: boolean): boolean => {
  const short = out.last(3);
  if (octet.test(short)) return replaceLast(out, 3, decoded(short));
  const long = isUnicode ? out.last(6) : '';
  if (!utf16.test(long)) return false;
  const alone = decodeUnits(long);
  if (alone !== long) return replaceLast(out, 6, alone);
  // Half of a pair stays until its other half comes.
  const pair = out.last(12);
  const joined = utf16Pair.test(pair) ? decodeUnits(pair) : '%u';
  return joined.startsWith('%u') ? false : replaceLast(out, 12, joined);
};

const replaceLast = (out: Stack, count: number, bytes: string): true => {
  out.drop(count);
  for (let at = 0; at < bytes.length; at += 1) out.push(bytes.charCodeAt(at));
  return true;
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
