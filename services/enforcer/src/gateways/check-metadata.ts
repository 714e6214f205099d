/**
 * Metadata that Envoy's filters and routes hold for us, in the namespace `precede`: values of further fields by name. A
 * google.protobuf.Struct becomes values of the Rules language.
 */
import { InputError } from '@precede/contracts';
import type { Value } from '@precede/rules';
import type { WireReader } from './wire-reader.ts';

const namespace = 'precede';
const maxDepth = 16;

/** `overrides`: of the request, which knows better than route and configuration. */
export const readMetadata = (reader: WireReader, into: Map<string, Value>, overrides: boolean): void => {
  const outer = reader.enter();
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) readNamespace(reader, into, overrides);
    else reader.skip();
  reader.leave(outer);
};

const readNamespace = (reader: WireReader, into: Map<string, Value>, overrides: boolean): void => {
  const outer = reader.enter();
  let name = '';
  let values: ReadonlyMap<string, Value> = new Map();
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) name = reader.text();
    else if (field === 2 && name === namespace) values = readStruct(reader, 0);
    else reader.skip();
  reader.leave(outer);
  for (const [key, value] of values) if (overrides || !into.has(key)) into.set(key, value);
};

const readStruct = (reader: WireReader, depth: number): ReadonlyMap<string, Value> => {
  const values = new Map<string, Value>();
  const outer = reader.enter();
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) readEntry(reader, values, depth);
    else reader.skip();
  reader.leave(outer);
  return values;
};

const readEntry = (reader: WireReader, values: Map<string, Value>, depth: number): void => {
  const outer = reader.enter();
  let key = '';
  let value: Value | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) key = reader.text();
    else if (field === 2) value = readValue(reader, depth);
    else reader.skip();
  reader.leave(outer);
  if (value !== undefined) values.set(key, value);
};

/** Undefined: null, which no field has. */
const readValue = (reader: WireReader, depth: number): Value | undefined => {
  if (depth > maxDepth) throw new InputError('', `metadata nested deeper than ${maxDepth}`);
  const outer = reader.enter();
  let value: Value | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 2) value = reader.double();
    else if (field === 3) value = reader.text();
    else if (field === 4) value = reader.boolean();
    else if (field === 5) value = readStruct(reader, depth + 1);
    else if (field === 6) value = readList(reader, depth + 1);
    else reader.skip();
  reader.leave(outer);
  return value;
};

const readList = (reader: WireReader, depth: number): readonly Value[] => {
  const values: Value[] = [];
  const outer = reader.enter();
  for (let field = reader.next(); field !== 0; field = reader.next())
    if (field === 1) {
      const value = readValue(reader, depth);
      if (value !== undefined) values.push(value);
    } else reader.skip();
  reader.leave(outer);
  return values;
};
