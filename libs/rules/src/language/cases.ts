/**
 * Cases of the language as JSON: expressions with the results they must have, the format that conformance files and
 * `precede rules eval` share.
 *
 *   {"id", "expression", "valid", "lists"?: {name: {"type", "items"}}, "requests": [{"fields": {…}, "expected"}]}
 *
 * Texts stand for their UTF-8 bytes, `{"$hex": "fffe"}` for raw ones; `{"$int": "9007199254740993"}` for integers that
 * JSON would round; addresses are texts; a field that is not there is missing.
 */
import { parseAddress } from './addresses.ts';
import { brief, CaseError } from './case-error.ts';
import type { Field } from './fields/fields.ts';
import { fieldByName } from './fields/fields.ts';
import { parseList } from './list-items.ts';
import type { NamedLists } from './lists.ts';
import { printType, type Type } from './types.ts';
import { fromText, maxInt, minInt, toInt, type Value } from './values.ts';

export interface CaseRequest {
  readonly values: ReadonlyMap<string, Value>;
  readonly expected: boolean;
}
export interface Case {
  readonly id: string;
  readonly expression: string;
  readonly isValid: boolean;
  /** Undefined where the case names none: then every name is taken for an empty list. */
  readonly lists: NamedLists | undefined;
  readonly requests: readonly CaseRequest[];
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (found: unknown): found is Json =>
  typeof found === 'object' && found !== null && !Array.isArray(found);

const refuse = (pointer: string, message: string): never => {
  throw new CaseError(pointer, message);
};

/** One case. Throws a CaseError that names the place (a JSON pointer) and the fault. */
export const parseCase = (json: unknown, vocabulary: ReadonlyMap<string, Field> = fieldByName): Case => {
  if (!isObject(json)) return refuse('', 'a case is an object');
  const { id, expression, valid, lists } = json;
  const requests = json['requests'] ?? [];
  if (typeof expression !== 'string') return refuse('/expression', 'the text of an expression is missing');
  if (typeof valid !== 'boolean' && valid !== undefined) return refuse('/valid', 'is true or false');
  if (!Array.isArray(requests)) return refuse('/requests', 'is an array');
  return {
    id: typeof id === 'string' || typeof id === 'number' ? String(id) : '',
    expression,
    isValid: valid ?? true,
    lists: lists === undefined || lists === null ? undefined : parseNamedLists(lists, '/lists'),
    requests: requests.map((each, at) => parseRequest(each, `/requests/${at}`, vocabulary)),
  };
};

const parseRequest = (json: unknown, at: string, vocabulary: ReadonlyMap<string, Field>): CaseRequest => {
  if (!isObject(json)) return refuse(at, 'a request is an object');
  if (typeof json['expected'] !== 'boolean') return refuse(`${at}/expected`, 'is true or false');
  return {
    values: parseFields(json['fields'] ?? {}, `${at}/fields`, vocabulary),
    expected: json['expected'],
  };
};

/** The values of a request by field name; null is missing too. */
export const parseFields = (
  json: unknown,
  at = '',
  vocabulary: ReadonlyMap<string, Field> = fieldByName,
): ReadonlyMap<string, Value> => {
  if (!isObject(json)) return refuse(at, 'fields are an object');
  const values = new Map<string, Value>();
  for (const [name, found] of Object.entries(json)) {
    const field = vocabulary.get(name);
    if (field === undefined) return refuse(`${at}/${name}`, `there is no field ${name}`);
    if (found !== null) values.set(name, parseValue(found, field.type, `${at}/${name}`));
  }
  return values;
};

/** JSON as a value of a type. */
export const parseValue = (json: unknown, type: Type, at: string): Value => {
  switch (type.kind) {
    case 'bool':
      return typeof json === 'boolean' ? json : refuseType(json, type, at);
    case 'int':
      return parseInteger(json, type, at);
    case 'bytes':
      return parseBytes(json, type, at);
    case 'ip': {
      const address = typeof json === 'string' ? parseAddress(json) : null;
      return address ?? refuseType(json, type, at);
    }
    case 'array':
      if (!Array.isArray(json)) return refuseType(json, type, at);
      return json.map((item, index) => parseValue(item, type.of, `${at}/${index}`));
    case 'map':
      if (!isObject(json)) return refuseType(json, type, at);
      return new Map(
        Object.entries(json).map(([key, item]) => [fromText(key), parseValue(item, type.of, `${at}/${key}`)]),
      );
    default:
      return type satisfies never;
  }
};

const refuseType = (json: unknown, type: Type, at: string): never =>
  refuse(at, `is ${printType(type)}, not ${brief(JSON.stringify(json))}`);

const decimal = /^-?[0-9]{1,19}$/;

const parseInteger = (json: unknown, type: Type, at: string): number | bigint => {
  if (typeof json === 'number' && Number.isSafeInteger(json)) return json === 0 ? 0 : json;
  const written = isObject(json) ? json['$int'] : undefined;
  if (typeof written !== 'string' || !decimal.test(written)) return refuseType(json, type, at);
  const integer = BigInt(written);
  return integer >= minInt && integer <= maxInt ? toInt(integer) : refuseType(json, type, at);
};

const hexPairs = /^(?:[0-9A-Fa-f]{2})*$/;

const parseBytes = (json: unknown, type: Type, at: string): string => {
  if (typeof json === 'string') return fromText(json);
  const hex = isObject(json) ? json['$hex'] : undefined;
  if (typeof hex !== 'string' || !hexPairs.test(hex)) return refuseType(json, type, at);
  return hex.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
};

/** Named lists as JSON: `{name: {type, items}}`. Throws a CaseError. */
export const parseNamedLists = (json: unknown, at = ''): NamedLists => {
  if (!isObject(json)) return refuse(at, 'lists are an object by name');
  return new Map(Object.entries(json).map(([name, list]) => [name, parseCaseList(list, `${at}/${name}`)]));
};

const parseCaseList = (json: unknown, at: string) => {
  if (!isObject(json)) return refuse(at, 'a list is an object');
  const { type, items } = json;
  if (type !== 'ip' && type !== 'bytes' && type !== 'int') return refuse(`${at}/type`, 'is ip, bytes or int');
  if (!Array.isArray(items)) return refuse(`${at}/items`, 'is an array');
  return parseList(
    type,
    items.map((item, index) => toItem(item, type, `${at}/items/${index}`)),
    at,
  );
};

/** Bytes of a text, or an integer or address range as it would be written in a set. */
const toItem = (json: unknown, type: 'ip' | 'bytes' | 'int', at: string): string => {
  if (type === 'bytes') return parseBytes(json, { kind: 'bytes' }, at);
  if (type === 'int' && typeof json !== 'string') return String(parseInteger(json, { kind: 'int' }, at));
  return typeof json === 'string' ? json : refuse(at, 'is a text');
};
