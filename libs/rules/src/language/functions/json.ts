/** Functions that look into a JSON document, such as the body of the request. */
import { Bytes, Int } from '../types.ts';
import { fromText, maxInt, minInt, toInt, toText, type Value } from '../values.ts';
import { anyOf, bytes, define } from './define.ts';
import type { FunctionDefinition } from './definition.ts';
import { sourceOf } from './json-source.ts';

/** Containers inside one another: the parser of the platform would go as deep as the body says. */
export const maxJsonDepth = 128;

/** Whether brackets outside strings nest no deeper than they may. O(bytes). */
const isShallow = (document: string): boolean => {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < document.length; at += 1) {
    const unit = document.charCodeAt(at);
    if (unit === 0x22) isInString = !isInString;
    else if (isInString) at += unit === 0x5c ? 1 : 0;
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > maxJsonDepth) return false;
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return true;
};

/** The document; undefined if it is not valid. */
const parse = (document: string): unknown => {
  const text = toText(document);
  if (text === null || !isShallow(document)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** A name picks from an object, a number from an array. */
const pick = (from: unknown, key: Value): unknown => {
  if (typeof key === 'string') {
    const name = toText(key);
    const isObject = typeof from === 'object' && from !== null && !Array.isArray(from);
    return isObject && name !== null && Object.hasOwn(from, name)
      ? (from as Record<string, unknown>)[name]
      : undefined;
  }
  return Array.isArray(from) && typeof key === 'number' && key >= 0 ? from[key] : undefined;
};

const lookUp = (args: readonly (Value | undefined)[]): unknown => {
  let found = parse(args[0] as string);
  for (let at = 1; at < args.length && found !== undefined; at += 1) found = pick(found, args[at] as Value);
  return found;
};

const plainInteger = /^-?[0-9]+$/;

/** A double would lose the last digits of large numbers, and that 42.0 is no integer: what is written decides. */
const lookUpInteger = (args: readonly (Value | undefined)[]): Value | undefined => {
  if (typeof lookUp(args) !== 'number') return undefined;
  const written = sourceOf(args[0] as string, args.slice(1) as readonly Value[]);
  // 64 bits have at most 19 digits and a sign; longer ones are not worth a conversion.
  if (!plainInteger.test(written) || written.length > 20) return undefined;
  const integer = BigInt(written);
  return integer >= minInt && integer <= maxInt ? toInt(integer) : undefined;
};

const lookUpString = (args: readonly (Value | undefined)[]): Value | undefined => {
  const found = lookUp(args);
  return typeof found === 'string' && found.isWellFormed() ? fromText(found) : undefined;
};

const keySlot = {
  ...anyOf('key', Bytes, Int),
  refuse: (key: Value) => (typeof key !== 'string' && (key as number) < 0 ? 'is not negative' : null),
};

export const jsonFunctions: readonly FunctionDefinition[] = [
  define({
    name: 'lookup_json_string',
    doc: 'the string at a path of names and positions in a JSON document; missing if there is none',
    example: 'lookup_json_string(http.request.body.raw, "user", "role") eq "admin"',
    slots: [bytes('document'), keySlot],
    isVariadic: true,
    returns: Bytes,
    bind: () => lookUpString,
  }),
  define({
    name: 'lookup_json_integer',
    doc: 'the integer (no fraction, no exponent, 64 bits) at a path in a JSON document; missing if there is none',
    example: 'lookup_json_integer(http.request.body.raw, "items", 0, "count") gt 100',
    slots: [bytes('document'), keySlot],
    isVariadic: true,
    returns: Int,
    bind: () => lookUpInteger,
  }),
];
