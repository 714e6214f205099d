/**
 * The text functions of the language, once more and naively: over arrays of byte numbers, one small body each, without a
 * thought for speed. Written from the description of the language alone; the functions that rules run are checked
 * against these. Nothing here may be called on a request's path.
 */
export type Octets = readonly number[];

export const toBytes = (value: string): number[] => [...value].map((unit) => unit.charCodeAt(0));
export const fromBytes = (bytes: Octets): string => bytes.map((byte) => String.fromCharCode(byte)).join('');

/** Byte by byte; of two where one begins the other, the shorter comes first. */
export const compareBytes = (a: Octets, b: Octets): number => {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

export const equalBytes = (a: Octets, b: Octets): boolean => compareBytes(a, b) === 0;

/** Where `part` stands in `whole` at or after `from`; -1 if nowhere. */
export const findBytes = (whole: Octets, part: Octets, from = 0): number => {
  for (let at = from; at + part.length <= whole.length; at += 1)
    if (equalBytes(whole.slice(at, at + part.length), part)) return at;
  return -1;
};

const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a;
export const lowerByte = (byte: number): number => (isUpper(byte) ? byte + 32 : byte);
export const upperByte = (byte: number): number => (isLower(byte) ? byte - 32 : byte);

export const lower = (source: Octets): Octets => source.map(lowerByte);
export const upper = (source: Octets): Octets => source.map(upperByte);
export const startsWith = (source: Octets, part: Octets): boolean =>
  equalBytes(source.slice(0, part.length), part);
export const endsWith = (source: Octets, part: Octets): boolean =>
  part.length <= source.length && equalBytes(source.slice(source.length - part.length), part);

/** Indexes below zero count from the end; out of range ones move to the nearer end. */
export const substring = (source: Octets, start: bigint, end?: bigint): Octets => {
  const length = BigInt(source.length);
  const place = (index: bigint): bigint => {
    const counted = index < 0n ? length + index : index;
    if (counted < 0n) return 0n;
    return counted > length ? length : counted;
  };
  const from = place(start);
  const to = end === undefined ? length : place(end);
  return source.filter((_byte, at) => BigInt(at) >= from && BigInt(at) < to);
};

export const removeBytes = (source: Octets, unwanted: Octets): Octets =>
  source.filter((byte) => !unwanted.includes(byte));

export const concat = (parts: readonly Octets[]): Octets => parts.flat();

export const join = (items: readonly Octets[], separator: Octets): Octets =>
  items.flatMap((item, at) => (at === 0 ? item : [...separator, ...item]));

/** At most `limit` parts; the last keeps what is left. */
export const split = (source: Octets, separator: Octets, limit: bigint): readonly Octets[] => {
  const parts: Octets[] = [];
  let rest = source;
  while (BigInt(parts.length) < limit - 1n) {
    const at = findBytes(rest, separator);
    if (at === -1) break;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + separator.length);
  }
  return [...parts, rest];
};

const ampersand = 0x26;
const equals = 0x3d;

const splitAll = (source: Octets, separator: number): readonly Octets[] =>
  split(source, [separator], BigInt(source.length + 2));

/** Parameters by their raw name: what stands before the first `=`, or the whole where there is none. */
export const removeQueryArgs = (query: Octets, names: readonly Octets[]): Octets => {
  const nameOf = (parameter: Octets): Octets => splitAll(parameter, equals)[0] ?? [];
  const kept = splitAll(query, ampersand).filter(
    (parameter) => !names.some((name) => equalBytes(name, nameOf(parameter))),
  );
  return join(kept, [ampersand]);
};

/** The number that hexadecimal digits write; null if one of them is none or some are lacking. */
export const hexNumber = (digits: Octets, length: number): number | null => {
  const text = fromBytes(digits);
  return text.length === length && /^[0-9a-fA-F]+$/.test(text) ? Number.parseInt(text, 16) : null;
};

export const utf8 = (codePoint: number): Octets => {
  const tail = (shift: number): number => 0x80 | ((codePoint >> shift) & 0x3f);
  if (codePoint < 0x80) return [codePoint];
  if (codePoint < 0x800) return [0xc0 | (codePoint >> 6), tail(0)];
  if (codePoint < 0x10000) return [0xe0 | (codePoint >> 12), tail(6), tail(0)];
  return [0xf0 | (codePoint >> 18), tail(12), tail(6), tail(0)];
};

export const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
export const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
export const joinSurrogates = (high: number, low: number): number =>
  0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00);

const percent = 0x25;
const plus = 0x2b;
const space = 0x20;

/** What a `%uXXXX` (or a surrogate pair of two) gives, and how many bytes it takes; null if it is none. */
const unicodeEscape = (source: Octets, at: number): { bytes: Octets; length: number } | null => {
  const unitAt = (from: number): number | null =>
    source[from] === percent && source[from + 1] === 0x75
      ? hexNumber(source.slice(from + 2, from + 6), 4)
      : null;
  const first = unitAt(at);
  if (first === null || isLowSurrogate(first)) return null;
  if (!isHighSurrogate(first)) return { bytes: utf8(first), length: 6 };
  const second = unitAt(at + 6);
  if (second === null || !isLowSurrogate(second)) return null;
  return { bytes: utf8(joinSurrogates(first, second)), length: 12 };
};

const decodeOnce = (source: Octets, isUnicode: boolean): Octets => {
  const decoded: number[] = [];
  for (let at = 0; at < source.length; ) {
    const unicode = isUnicode ? unicodeEscape(source, at) : null;
    const byte = source[at] === percent ? hexNumber(source.slice(at + 1, at + 3), 2) : null;
    if (unicode !== null) decoded.push(...unicode.bytes);
    else if (byte !== null) decoded.push(byte);
    else decoded.push(source[at] === plus ? space : (source[at] ?? 0));
    at += unicode?.length ?? (byte === null ? 1 : 3);
  }
  return decoded;
};

/** Options: `r` decodes until nothing changes, `u` knows `%uXXXX`. Malformed escapes stay as they are. */
export const urlDecode = (source: Octets, options: string): Octets => {
  let before = source;
  let decoded = decodeOnce(before, options.includes('u'));
  while (options.includes('r') && !equalBytes(decoded, before)) {
    before = decoded;
    decoded = decodeOnce(before, options.includes('u'));
  }
  return decoded;
};
