/** Functions that ask whether a collection has something, and what to take where a value is missing. */
import { Bool, Bytes, itemOf, printType, sameType, type Type } from '../types.ts';
import type { Value } from '../values.ts';
import type { ArgumentFault, FunctionDefinition, Parameter } from './definition.ts';

const wrongType = (wanted: string, found: Type): ArgumentFault => ({
  code: 'argument_type',
  message: `is ${wanted}, not ${printType(found)}`,
});

const checkHasKey = (at: number, { type }: Parameter): ArgumentFault | null => {
  if (at === 0) return type.kind === 'map' ? null : wrongType('Map', type);
  return sameType(type, Bytes) ? null : wrongType('Bytes', type);
};

const scalarKinds: readonly Type['kind'][] = ['bool', 'int', 'ip', 'bytes'];

const checkHasValue = (
  at: number,
  { type }: Parameter,
  before: readonly Parameter[],
): ArgumentFault | null => {
  const item = itemOf(at === 0 ? type : (before[0]?.type as Type));
  if (item === null || !scalarKinds.includes(item.kind))
    return wrongType('an Array or Map of Bool, Int, Ip or Bytes', type);
  return at === 0 || sameType(type, item) ? null : wrongType(printType(item), type);
};

const checkCoalesce = (
  at: number,
  { type }: Parameter,
  before: readonly Parameter[],
): ArgumentFault | null => {
  const first = before[0]?.type ?? type;
  return at === 0 || sameType(type, first) ? null : wrongType(`${printType(first)} as the first`, type);
};

const hasValue = (collection: Value, wanted: Value): boolean => {
  const items = Array.isArray(collection)
    ? collection
    : [...(collection as ReadonlyMap<string, Value>).values()];
  return items.includes(wanted);
};

export const collectionFunctions: readonly FunctionDefinition[] = [
  {
    name: 'has_key',
    signature: 'has_key(map Map, key Bytes)',
    doc: 'whether the map has the key',
    example: 'has_key(http.request.headers, "x-tenant")',
    minArgs: 2,
    maxArgs: 2,
    check: checkHasKey,
    returns: () => Bool,
    place: 'any',
    bind:
      () =>
      ([map, key]) =>
        map === undefined || key === undefined
          ? undefined
          : (map as ReadonlyMap<string, Value>).has(key as string),
  },
  {
    name: 'has_value',
    signature: 'has_value(collection Array | Map, value)',
    doc: 'whether an item of the array, or a value of the map, is equal',
    example: 'has_value(http.request.headers.names, "x-tenant")',
    minArgs: 2,
    maxArgs: 2,
    check: checkHasValue,
    returns: () => Bool,
    place: 'any',
    bind:
      () =>
      ([collection, wanted]) =>
        collection === undefined || wanted === undefined ? undefined : hasValue(collection, wanted),
  },
  {
    name: 'coalesce',
    signature: 'coalesce(first, second, …)',
    doc: 'the first argument that is not missing; all of one type',
    example: 'coalesce(http.request.uri.args["page"][0], "1") eq "1"',
    minArgs: 2,
    maxArgs: Number.POSITIVE_INFINITY,
    check: checkCoalesce,
    returns: (parameters) => (parameters[0] as Parameter).type,
    place: 'any',
    bind: () => (args) => args.find((each) => each !== undefined),
  },
];
