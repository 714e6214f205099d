/**
 * JSON as lookup_json_string and lookup_json_integer read it, naively: the whole document is parsed to a tree, then the
 * keys are followed. RFC 8259 to the letter, in valid UTF-8, with at most 128 containers in one another.
 */
import {
  equalBytes,
  fromBytes,
  hexNumber,
  isHighSurrogate,
  isLowSurrogate,
  joinSurrogates,
  type Octets,
  toBytes,
  utf8,
} from './bytes.ts';

const maxNesting = 128;

type Json =
  | { readonly kind: 'other' }
  /** As it is written. */
  | { readonly kind: 'number'; readonly text: string }
  /** Null where an escape is half of a surrogate pair: no bytes can say it. */
  | { readonly kind: 'string'; readonly bytes: Octets | null }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'object'; readonly members: readonly { key: Octets | null; value: Json }[] };

/** What was read, and where the rest begins. */
interface Read<T> {
  readonly value: T;
  readonly next: number;
}

/** Latin-1 text of one character that UTF-8 allows: the table of RFC 3629, section 4. */
const character =
  /[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/g;

export const isUtf8 = (text: string): boolean => text.replace(character, '') === '';

const skipSpace = (text: string, at: number): number => {
  let next = at;
  while (next < text.length && ' \t\r\n'.includes(text.charAt(next))) next += 1;
  return next;
};

const plainEscapes: Readonly<Record<string, number>> = {
  '"': 0x22,
  '\\': 0x5c,
  '/': 0x2f,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
};

/** UTF-16 units of `\uXXXX` at this place; null if it is none. */
const unitAt = (text: string, at: number): number | null =>
  text.startsWith('\\u', at) ? hexNumber(toBytes(text.slice(at + 2, at + 6)), 4) : null;

/** One character of a string: its bytes (null: half of a pair) and what comes after it; null if it is no character. */
const readCharacter = (text: string, at: number): Read<Octets | null> | null => {
  const byte = text.charCodeAt(at);
  if (byte < 0x20) return null;
  if (text.charAt(at) !== '\\') return { value: [byte], next: at + 1 };
  const plain = plainEscapes[text.charAt(at + 1)];
  if (plain !== undefined) return { value: [plain], next: at + 2 };
  const unit = unitAt(text, at);
  if (unit === null) return null;
  const second = unitAt(text, at + 6);
  if (isHighSurrogate(unit) && second !== null && isLowSurrogate(second))
    return { value: utf8(joinSurrogates(unit, second)), next: at + 12 };
  const isHalf = isHighSurrogate(unit) || isLowSurrogate(unit);
  return { value: isHalf ? null : utf8(unit), next: at + 6 };
};

const readString = (text: string, at: number): Read<Octets | null> | null => {
  if (text.charAt(at) !== '"') return null;
  const characters: (Octets | null)[] = [];
  let next = at + 1;
  while (next < text.length && text.charAt(next) !== '"') {
    const read = readCharacter(text, next);
    if (read === null) return null;
    characters.push(read.value);
    next = read.next;
  }
  if (next >= text.length) return null;
  const bytes = characters.flatMap((each) => each ?? []);
  return { value: characters.includes(null) ? null : bytes, next: next + 1 };
};

/** Items between brackets, parted by commas; each is read by `readItem`. */
const readItems = <T>(
  text: string,
  at: number,
  close: string,
  readItem: (at: number) => Read<T> | null,
): Read<readonly T[]> | null => {
  const items: T[] = [];
  let next = skipSpace(text, at + 1);
  if (text.charAt(next) === close) return { value: items, next: next + 1 };
  for (;;) {
    const item = readItem(skipSpace(text, next));
    if (item === null) return null;
    items.push(item.value);
    next = skipSpace(text, item.next);
    if (text.charAt(next) === close) return { value: items, next: next + 1 };
    if (text.charAt(next) !== ',') return null;
    next += 1;
  }
};

const readMember = (
  text: string,
  at: number,
  depth: number,
): Read<{ key: Octets | null; value: Json }> | null => {
  const key = readString(text, at);
  if (key === null) return null;
  const colon = skipSpace(text, key.next);
  if (text.charAt(colon) !== ':') return null;
  const value = readValue(text, skipSpace(text, colon + 1), depth);
  return value === null ? null : { value: { key: key.value, value: value.value }, next: value.next };
};

const readValue = (text: string, at: number, depth: number): Read<Json> | null => {
  const opening = text.charAt(at);
  if (opening === '"') {
    const read = readString(text, at);
    return read === null ? null : { value: { kind: 'string', bytes: read.value }, next: read.next };
  }
  if (opening === '[' || opening === '{') {
    if (depth === maxNesting) return null;
    if (opening === '[') {
      const read = readItems(text, at, ']', (from) => readValue(text, from, depth + 1));
      return read === null ? null : { value: { kind: 'array', items: read.value }, next: read.next };
    }
    const read = readItems(text, at, '}', (from) => readMember(text, from, depth + 1));
    return read === null ? null : { value: { kind: 'object', members: read.value }, next: read.next };
  }
  const word = /^(true|false|null)/.exec(text.slice(at, at + 5))?.[0];
  if (word !== undefined) return { value: { kind: 'other' }, next: at + word.length };
  const number = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/.exec(text.slice(at))?.[0];
  if (number === undefined) return null;
  return { value: { kind: 'number', text: number }, next: at + number.length };
};

const parse = (document: Octets): Json | null => {
  const text = fromBytes(document);
  if (!isUtf8(text)) return null;
  const read = readValue(text, skipSpace(text, 0), 0);
  return read !== null && skipSpace(text, read.next) === text.length ? read.value : null;
};

/** Bytes name a member of an object, an integer an item of an array. */
export type Key = Octets | bigint;

const step = (json: Json | undefined, key: Key): Json | undefined => {
  if (typeof key === 'bigint')
    return json?.kind === 'array' ? json.items.find((_item, at) => BigInt(at) === key) : undefined;
  if (json?.kind !== 'object') return undefined;
  return json.members.findLast((member) => member.key !== null && equalBytes(member.key, key))?.value;
};

const follow = (document: Octets, keys: readonly Key[]): Json | undefined =>
  keys.reduce<Json | undefined>(step, parse(document) ?? undefined);

export const lookupJsonString = (document: Octets, keys: readonly Key[]): Octets | undefined => {
  const found = follow(document, keys);
  return found?.kind === 'string' ? (found.bytes ?? undefined) : undefined;
};

/** Plain notation only: neither a point nor an exponent, and within 64 bits. */
export const lookupJsonInteger = (document: Octets, keys: readonly Key[]): bigint | undefined => {
  const found = follow(document, keys);
  if (found?.kind !== 'number' || !/^-?[0-9]+$/.test(found.text)) return undefined;
  const integer = BigInt(found.text);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
};
