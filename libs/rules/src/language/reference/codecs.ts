/** The functions of the language that encode, digest and mask, naively; see bytes.ts for what that is good for. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as digest } from '@noble/hashes/sha2.js';
import { equalBytes, fromBytes, type Octets, toBytes, urlDecode } from './bytes.ts';

const standard = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const urlSafe = standard.replace('+', '-').replace('/', '_');

const bitsOf = (numbers: readonly number[], width: number): string =>
  numbers.map((each) => each.toString(2).padStart(width, '0')).join('');

const inGroups = (bits: string, width: number): readonly string[] =>
  Array.from({ length: Math.ceil(bits.length / width) }, (_each, at) =>
    bits.slice(at * width, (at + 1) * width),
  );

/** Options: `u` for the URL-safe alphabet, `p` for padding; without them standard and unpadded. */
export const encodeBase64 = (source: Octets, options: string): Octets => {
  const alphabet = options.includes('u') ? urlSafe : standard;
  const text = inGroups(bitsOf(source, 8), 6)
    .map((bits) => alphabet.charAt(Number.parseInt(bits.padEnd(6, '0'), 2)))
    .join('');
  const padded = options.includes('p') ? text.padEnd(Math.ceil(text.length / 4) * 4, '=') : text;
  return toBytes(padded);
};

/** Groups of four of the standard alphabet, the last with padding or without; bits left over in it are not looked at. */
export const decodeBase64 = (source: Octets): Octets | undefined => {
  const text = fromBytes(source);
  const digitsAlone = text.replace(/=*$/, '');
  const isPadded = text.length === Math.ceil(digitsAlone.length / 4) * 4;
  const isWhole = digitsAlone.length % 4 !== 1 && (isPadded || text === digitsAlone);
  if (!isWhole || !/^[A-Za-z0-9+/]*$/.test(digitsAlone)) return undefined;
  const digits = [...digitsAlone].map((digit) => standard.indexOf(digit));
  return inGroups(bitsOf(digits, 6), 8)
    .filter((bits) => bits.length === 8)
    .map((bits) => Number.parseInt(bits, 2));
};

export const sha256 = (source: Octets): Octets => [...digest(Uint8Array.from(source))];

/** The first `prefix` bits of an address; the others zero. */
const mask = (address: Octets, prefix: bigint): Octets => {
  const kept = bitsOf(address, 8).slice(0, Number(prefix));
  return inGroups(kept.padEnd(address.length * 8, '0'), 8).map((bits) => Number.parseInt(bits, 2));
};

export const cidr = (address: Octets, prefix4: bigint, prefix6: bigint): Octets =>
  mask(address, address.length === 4 ? prefix4 : prefix6);

export const cidr6 = (address: Octets, prefix6: bigint): Octets => cidr(address, 32n, prefix6);

const dotted = (bytes: Octets): string => bytes.join('.');

/** Longest run of two or more zero groups, the first of equals: RFC 5952, 4.2. */
const longestZeros = (groups: readonly number[]): { from: number; to: number } => {
  let best = { from: 0, to: 0 };
  for (let from = 0; from < groups.length; from += 1) {
    let to = from;
    while (groups[to] === 0) to += 1;
    if (to - from >= 2 && to - from > best.to - best.from) best = { from, to };
  }
  return best;
};

/** Text of an address: dotted for IPv4, RFC 5952 for IPv6, `::ffff:1.2.3.4` where it holds a mapped IPv4. */
export const ipText = (address: Octets): string => {
  if (address.length === 4) return dotted(address);
  const isMapped = equalBytes(address.slice(0, 12), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);
  if (isMapped) return `::ffff:${dotted(address.slice(12))}`;
  const groups = Array.from(
    { length: 8 },
    (_each, at) => (address[2 * at] ?? 0) * 256 + (address[2 * at + 1] ?? 0),
  );
  const hex = groups.map((group) => group.toString(16));
  const { from, to } = longestZeros(groups);
  return from === to ? hex.join(':') : `${hex.slice(0, from).join(':')}::${hex.slice(to).join(':')}`;
};

/** From the first 16 bytes: RFC 9562, 5.4. */
export const uuidv4 = (random: Octets): Octets | undefined => {
  if (random.length < 16) return undefined;
  const bytes = random.slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return toBytes(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
};

export interface TimedHmac {
  readonly key: Octets;
  /** Message, separator, ten digits of the time it was issued, `-`, and the code. */
  readonly messageMac: Octets;
  readonly ttl: bigint;
  readonly now: bigint;
  readonly separatorLength: bigint;
  readonly flags: string;
}

/**
 * Whether the code fits its message and is not too old: it holds while now < issued + ttl. Without flag `s` the code is
 * percent-decoded first; a `+` in it can only be the one of Base64.
 */
export const isTimedHmacValid = (token: TimedHmac): boolean => {
  const text = fromBytes(token.messageMac);
  for (let at = text.length; at > 0; at -= 1) {
    const match = /^([0-9]{10})-([\0-\xff]{43,})$/.exec(text.slice(at));
    const message = text.slice(0, Math.max(0, at - Number(token.separatorLength)));
    if (match === null || message === '') continue;
    const [, issued = '', code = ''] = match;
    const expected = hmac(digest, Uint8Array.from(token.key), Uint8Array.from(toBytes(message + issued)));
    const isUrlSafe = token.flags.includes('s');
    const given = isUrlSafe ? toBytes(code) : urlDecode(toBytes(code.replaceAll('+', '%2B')), '');
    const isSame = equalBytes(given, encodeBase64([...expected], isUrlSafe ? 'u' : 'p'));
    return isSame && token.now < BigInt(issued) + token.ttl;
  }
  return false;
};
