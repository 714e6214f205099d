/** Functions that encode, hash and verify. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { Bool, Bytes } from '../types.ts';
import { fromOctets, maxResultBytes, toOctets } from '../values.ts';
import { bytes, define, int, literalInt, optional, options, text, value } from './define.ts';
import type { FunctionDefinition } from './definition.ts';

const notStandard = /[^A-Za-z0-9+/]/;

/** Null if it is not base64 in the standard alphabet; padding may be left out. */
const decodeBase64 = (source: string): string | null => {
  const end = source.endsWith('==')
    ? source.length - 2
    : source.endsWith('=')
      ? source.length - 1
      : source.length;
  const isPadded = end < source.length;
  if (end % 4 === 1 || (isPadded && source.length % 4 !== 0)) return null;
  const digits = source.slice(0, end);
  return notStandard.test(digits) ? null : atob(digits);
};

const encodeBase64 = (source: string, flags: string): string | undefined => {
  if (source.length > maxResultBytes) return undefined;
  let encoded = btoa(source);
  if (!flags.includes('p')) encoded = encoded.replace(/=+$/, '');
  return flags.includes('u') ? encoded.replaceAll('+', '-').replaceAll('/', '_') : encoded;
};

/** RFC 9562, version 4, of the first 16 bytes. */
const uuid = (seed: string): string => {
  const octets = toOctets(seed.slice(0, 16));
  octets[6] = ((octets[6] as number) & 0x0f) | 0x40;
  octets[8] = ((octets[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** A token: message, separator, 10 digits of seconds, `-`, code. */
interface Token {
  readonly message: string;
  readonly timestamp: string;
  readonly code: string;
}

/** Least length of the code: 32 bytes in base64 without padding. */
const minCode = 43;
const stamp = /^[0-9]{10}$/;

/** The last place that has ten digits before its `-` and enough of a code behind it. */
const splitToken = (token: string, separatorLength: number): Token | null => {
  for (
    let dash = token.lastIndexOf('-', token.length - 1 - minCode);
    dash > 10;
    dash = token.lastIndexOf('-', dash - 1)
  ) {
    const timestamp = token.slice(dash - 10, dash);
    if (!stamp.test(timestamp)) continue;
    const end = dash - 10 - separatorLength;
    return end < 1 ? null : { message: token.slice(0, end), timestamp, code: token.slice(dash + 1) };
  }
  return null;
};

const percentOctet = /%([0-9A-Fa-f]{2})/g;

const decodePercent = (code: string): string =>
  code.replace(percentOctet, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** In a time that does not tell where they differ. */
const sameBytes = (a: string, b: string): boolean => {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
};

interface Check {
  readonly key: string;
  readonly ttl: number | bigint;
  readonly separatorLength: number;
  readonly isUrlSafe: boolean;
}

const isValid = (check: Check, token: string, now: number | bigint): boolean => {
  const parts = splitToken(token, check.separatorLength);
  if (parts === null || BigInt(now) >= BigInt(parts.timestamp) + BigInt(check.ttl)) return false;
  const expected = fromOctets(hmac(sha256, toOctets(check.key), toOctets(parts.message + parts.timestamp)));
  const code = check.isUrlSafe ? parts.code : decodePercent(parts.code);
  return sameBytes(encodeBase64(expected, check.isUrlSafe ? 'u' : 'p') as string, code);
};

export const codeFunctions: readonly FunctionDefinition[] = [
  define({
    name: 'decode_base64',
    doc: 'the bytes that base64 (standard alphabet) stands for; missing if it is none',
    example: 'any(decode_base64(http.request.headers["x-client"][*])[*] eq "123abc")',
    slots: [value(bytes('source'))],
    returns: Bytes,
    bind: () => (args) => decodeBase64(args[0] as string) ?? undefined,
  }),
  define({
    name: 'encode_base64',
    doc: 'base64 without padding; option u: the alphabet for URLs, p: padding',
    example: 'encode_base64(http.host) eq "YXBpLmV4YW1wbGUuY29t"',
    slots: [bytes('source'), options('options', 'up')],
    returns: Bytes,
    bind: ([, flags]) => {
      const chosen = (flags?.literal ?? '') as string;
      return (args) => encodeBase64(args[0] as string, chosen);
    },
  }),
  define({
    name: 'sha256',
    doc: 'the 32 bytes of the SHA-256 digest, not hex',
    example:
      'encode_base64(sha256(http.request.headers["x-key"][0])) eq "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"',
    slots: [bytes('source')],
    returns: Bytes,
    bind: () => (args) => fromOctets(sha256(toOctets(args[0] as string))),
  }),
  define({
    name: 'uuidv4',
    doc: 'a UUID of version 4 made of 16 random bytes; only where a value is given, not in a rule',
    example: 'uuidv4(cf.random_seed)',
    slots: [bytes('seed')],
    returns: Bytes,
    place: 'value',
    bind: () => (args) => ((args[0] as string).length < 16 ? undefined : uuid(args[0] as string)),
  }),
  define({
    name: 'is_timed_hmac_valid_v0',
    doc: 'whether a token (message, separator, 10-digit time, -, base64 of HMAC-SHA-256 over message and time) holds',
    example: 'is_timed_hmac_valid_v0("secret", http.request.uri, 3600, http.request.timestamp.sec, 8)',
    slots: [
      text('key', (key) => (key === '' ? 'is not empty' : null)),
      value(bytes('token')),
      literalInt('ttl_seconds', 0, Number.MAX_SAFE_INTEGER),
      int('now_seconds'),
      optional(literalInt('separator_length', 0, 4096)),
      options('options', 's'),
    ],
    returns: Bool,
    bind: (parameters) => {
      const [key, , ttl, , separator, flags] = parameters.map((each) => each.literal);
      const check: Check = {
        key: key as string,
        ttl: ttl as number,
        separatorLength: (separator ?? 0) as number,
        isUrlSafe: flags === 's',
      };
      return (args) => isValid(check, args[1] as string, args[3] as number | bigint);
    },
  }),
];
