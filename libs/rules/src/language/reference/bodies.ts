/**
 * The functions by name, over values of the language: what one call gives. A missing argument makes the result missing,
 * but for concat, which leaves it out, and coalesce, which passes it over. The parser has checked numbers and types of the arguments.
 */
import { maxResultBytes, toInt, type Value } from '../values.ts';
import * as bytes from './bytes.ts';
import * as codecs from './codecs.ts';
import { type Key, lookupJsonInteger, lookupJsonString } from './json.ts';
import { regexReplace } from './regex.ts';
import { wildcardReplace } from './wildcard.ts';

type Octets = bytes.Octets;
type Body = (...args: Value[]) => Value | undefined;

const octets = (value: Value | undefined): Octets => (typeof value === 'string' ? bytes.toBytes(value) : []);
const text = (value: Value | undefined): string => (typeof value === 'string' ? value : '');
export const integer = (value: Value | undefined): bigint =>
  typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : 0n;
export const itemsOf = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);
const value = (result: Octets | undefined): Value | undefined =>
  result === undefined ? undefined : bytes.fromBytes(result);

const sizeOf = (source: Value): number => {
  if (typeof source === 'string') return octets(source).length;
  return source instanceof Map ? source.size : itemsOf(source).length;
};

/** An address is told from bytes by its type alone: to_string takes no bytes. */
const toText = (source: Value): string =>
  typeof source === 'string' ? codecs.ipText(octets(source)) : String(source);

const isSame = (a: Value, b: Value | undefined): boolean =>
  typeof a === 'string' ? bytes.equalBytes(octets(a), octets(b)) : String(a) === String(b);

const keyOf = (key: Value): Key => (typeof key === 'string' ? octets(key) : integer(key));

const bodies: Readonly<Record<string, Body>> = {
  lower: (source) => value(bytes.lower(octets(source))),
  upper: (source) => value(bytes.upper(octets(source))),
  len: (source) => sizeOf(source ?? ''),
  has_key: (map, key) => map instanceof Map && [...map.keys()].some((each) => isSame(each, key)),
  has_value: (collection, wanted) =>
    (collection instanceof Map ? [...collection.values()] : itemsOf(collection)).some((each) =>
      isSame(each, wanted),
    ),
  starts_with: (source, part) => bytes.startsWith(octets(source), octets(part)),
  ends_with: (source, part) => bytes.endsWith(octets(source), octets(part)),
  substring: (source, start, end) =>
    value(bytes.substring(octets(source), integer(start), end === undefined ? undefined : integer(end))),
  to_string: (source) => toText(source ?? ''),
  url_decode: (source, options) => value(bytes.urlDecode(octets(source), text(options))),
  remove_bytes: (source, unwanted) => value(bytes.removeBytes(octets(source), octets(unwanted))),
  remove_query_args: (query, ...names) => value(bytes.removeQueryArgs(octets(query), names.map(octets))),
  regex_replace: (source, pattern, template) =>
    value(regexReplace(octets(source), octets(pattern), octets(template))),
  wildcard_replace: (source, pattern, template, flags) =>
    value(wildcardReplace(octets(source), octets(pattern), octets(template), text(flags))),
  split: (source, separator, limit) =>
    bytes.split(octets(source), octets(separator), integer(limit)).map(bytes.fromBytes),
  join: (items, separator) => value(bytes.join(itemsOf(items).map(octets), octets(separator))),
  cidr: (address, prefix4, prefix6) =>
    value(codecs.cidr(octets(address), integer(prefix4), integer(prefix6))),
  cidr6: (address, prefix6) => value(codecs.cidr6(octets(address), integer(prefix6))),
  decode_base64: (source) => value(codecs.decodeBase64(octets(source))),
  encode_base64: (source, options) => value(codecs.encodeBase64(octets(source), text(options))),
  sha256: (source) => value(codecs.sha256(octets(source))),
  lookup_json_string: (document, ...keys) => value(lookupJsonString(octets(document), keys.map(keyOf))),
  lookup_json_integer: (document, ...keys) => {
    const found = lookupJsonInteger(octets(document), keys.map(keyOf));
    return found === undefined ? undefined : toInt(found);
  },
  uuidv4: (random) => value(codecs.uuidv4(octets(random))),
  is_timed_hmac_valid_v0: (key, messageMac, ttl, now, separatorLength, flags) =>
    codecs.isTimedHmacValid({
      key: octets(key),
      messageMac: octets(messageMac),
      ttl: integer(ttl),
      now: integer(now),
      separatorLength: integer(separatorLength),
      flags: text(flags),
    }),
};

const concat = (parts: readonly Value[]): Value | undefined => {
  if (parts.length === 0) return undefined;
  return parts.every((part) => Array.isArray(part))
    ? parts.flatMap(itemsOf)
    : value(bytes.concat(parts.map(octets)));
};

/** The names of all functions that `callFunction` knows. */
export const functionNames: readonly string[] = ['coalesce', 'concat', ...Object.keys(bodies)];

const isPresent = (argument: Value | undefined): argument is Value => argument !== undefined;

/** Bytes of all texts in a value: what the longest result is made of. */
const bytesIn = (found: Value | undefined): number =>
  typeof found === 'string'
    ? found.length
    : itemsOf(found).reduce<number>((sum, item) => sum + bytesIn(item), 0);

/** A text longer than a function may give is none; where far more would be made, nothing is tried. */
const isTooLong = (name: string, [first, second]: readonly Value[]): boolean => {
  if (name === 'join') return bytesIn(first) + bytesIn(second) * (itemsOf(first).length - 1) > maxResultBytes;
  return name === 'encode_base64' && bytesIn(first) > maxResultBytes;
};

const call = (name: string, args: readonly (Value | undefined)[]): Value | undefined => {
  const present = args.filter(isPresent);
  if (name === 'coalesce') return present[0];
  if (name === 'concat') return concat(present);
  if (present.length < args.length || isTooLong(name, present)) return undefined;
  return bodies[name]?.(...present);
};

/** What the function gives for these arguments; undefined where it gives nothing, or is not known here. */
export const callFunction = (name: string, args: readonly (Value | undefined)[]): Value | undefined => {
  const result = call(name, args);
  return typeof result === 'string' && result.length > maxResultBytes ? undefined : result;
};
