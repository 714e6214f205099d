/**
 * Values of fields that only the gateway knows, as it writes them: a JSON object by name of field, in the notation of
 * cases (libs/rules). What the enforcer derives itself is refused, as two truths would depend on who is asked.
 */
import { InputError } from '@precede/contracts';
import { CaseError, type Field, FieldSource, fieldByName, parseFields, type Value } from '@precede/rules';
import type { FieldReader } from './context.ts';

export const metadataReader =
  (name: string): FieldReader =>
  ({ request }) =>
    request.metadata.get(name);

const none: ReadonlyMap<string, Value> = new Map();

/** Checked values by field; an older name of a field stands for it where it is not given itself. Throws an InputError; null or nothing is no value. */
export const parseMetadata = (json: unknown, at: string): ReadonlyMap<string, Value> => {
  if (json === undefined || json === null) return none;
  if (typeof json === 'object') for (const name of Object.keys(json)) checkName(name, at);
  const values = new Map<string, Value>();
  for (const [name, value] of valuesOf(json, at)) {
    const target = fieldByName.get(name)?.aliasOf;
    if (target === undefined) values.set(name, value);
    else if (!values.has(target)) values.set(target, value);
  }
  return values;
};

const checkName = (name: string, at: string): void => {
  const field = fieldByName.get(name);
  const fault = field === undefined ? 'is no field' : faultOf(field);
  if (fault !== null) throw new InputError(`${at}/${pointerOf(name)}`, fault);
};

const faultOf = ({ filledBy }: Field): string | null => {
  if (filledBy === FieldSource.metadata || filledBy === FieldSource.connection) return null;
  return filledBy === FieldSource.nobody
    ? 'has no meaning here and is always missing'
    : 'is derived by the enforcer';
};

const valuesOf = (json: unknown, at: string): ReadonlyMap<string, Value> => {
  try {
    return parseFields(json, at);
  } catch (error) {
    if (!(error instanceof CaseError)) throw error;
    // Its message begins with the pointer, which an InputError has apart.
    throw new InputError(error.pointer, error.message.slice(error.pointer.length + 2));
  }
};

/** A property name in a JSON pointer (RFC 6901), cut so that an answer stays small. */
const pointerOf = (name: string): string => name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
