/** How functions are declared: one slot an argument, from which come the checks and the signature people read. */
import { Bool, Bytes, Int, Ip, printType, sameType, type Type } from '../types.ts';
import { maxResultBytes, type Value } from '../values.ts';
import type { ArgumentFault, FunctionBody, FunctionDefinition, Parameter } from './definition.ts';

export interface Slot {
  readonly name: string;
  /** Types it takes; 'array' for an array of anything. */
  readonly types: readonly (Type | 'array')[];
  /** A literal alone, or anything but a literal; both where it is not said. */
  readonly kind?: 'literal' | 'value';
  readonly isOptional?: true;
  /** What is wrong with a literal; null if nothing. */
  readonly refuse?: (literal: never) => string | null;
}

interface Declaration {
  readonly name: string;
  readonly doc: string;
  readonly example: string;
  readonly slots: readonly Slot[];
  /** Takes any number of further arguments like its last one. */
  readonly isVariadic?: true;
  readonly returns: Type | FunctionDefinition['returns'];
  readonly place?: FunctionDefinition['place'];
  readonly isOnce?: true;
  /** What is wrong between an argument and those before it; asked after its own slot. */
  readonly refuse?: (at: number, parameter: Parameter, before: readonly Parameter[]) => string | null;
  readonly bind: (parameters: readonly Parameter[]) => FunctionBody;
}

/** A function that is missing where one of its arguments is. */
export const define = (declaration: Declaration): FunctionDefinition =>
  defineLoose({
    ...declaration,
    bind: (parameters) => {
      const body = declaration.bind(parameters);
      return (args) => (args.includes(undefined) ? undefined : body(args));
    },
  });

/** A result that is not longer than it may be; what could be far longer is to be measured before it is made. */
const bounded = (result: Value | undefined): Value | undefined =>
  typeof result === 'string' && result.length > maxResultBytes ? undefined : result;

/** A function that says itself what it makes of missing arguments. */
export const defineLoose = (declaration: Declaration): FunctionDefinition => {
  const { name, doc, example, slots, isVariadic, returns, place = 'any', bind } = declaration;
  const returnType = typeof returns === 'function' ? null : returns;
  return {
    name,
    signature: `${name}(${slots.map(printSlot).join(', ')}${isVariadic ? ', …' : ''})`,
    doc,
    example,
    minArgs: slots.filter((slot) => slot.isOptional !== true).length,
    maxArgs: isVariadic ? Number.POSITIVE_INFINITY : slots.length,
    check: (at, parameter, before) => {
      const fault = checkSlot(slots[Math.min(at, slots.length - 1)] as Slot, parameter);
      if (fault !== null) return fault;
      const message = declaration.refuse?.(at, parameter, before) ?? null;
      return message === null ? null : { code: 'argument_value', message };
    },
    returns: typeof returns === 'function' ? returns : () => returnType as Type,
    place,
    ...(declaration.isOnce === true ? { isOnce: true as const } : {}),
    bind: (parameters) => {
      const body = bind(parameters);
      return (args) => bounded(body(args));
    },
  };
};

const printSlot = ({ name, types, kind, isOptional }: Slot): string => {
  const type = types.map(printSlotType).join(' | ');
  return `${name}${isOptional ? '?' : ''} ${kind === 'literal' ? `literal ${type}` : type}`;
};

const printSlotType = (type: Type | 'array'): string => (type === 'array' ? 'Array' : printType(type));

const takes = (slot: Slot, type: Type): boolean =>
  slot.types.some((each) => (each === 'array' ? type.kind === 'array' : sameType(each, type)));

const checkSlot = (slot: Slot, { type, literal }: Parameter): ArgumentFault | null => {
  if (!takes(slot, type)) {
    const wanted = slot.types.map(printSlotType).join(' or ');
    return { code: 'argument_type', message: `is ${wanted}, not ${printType(type)}` };
  }
  if (slot.kind === 'literal' && literal === undefined)
    return { code: 'argument_kind', message: 'is a literal, not a field or call' };
  if (slot.kind === 'value' && literal !== undefined)
    return { code: 'argument_kind', message: 'is a field or call, not a literal' };
  const message = literal === undefined ? null : (slot.refuse?.(literal as never) ?? null);
  return message === null ? null : { code: 'argument_value', message };
};

export const bytes = (name: string): Slot => ({ name, types: [Bytes] });
export const value = (slot: Slot): Slot => ({ ...slot, kind: 'value' });
export const optional = (slot: Slot): Slot => ({ ...slot, isOptional: true });
export const int = (name: string): Slot => ({ name, types: [Int] });
export const ip = (name: string): Slot => ({ name, types: [Ip] });
export const anyOf = (name: string, ...types: readonly (Type | 'array')[]): Slot => ({ name, types });
export const scalars: readonly Type[] = [Int, Bool, Ip];

/** A literal text. */
export const text = (name: string, refuse?: (literal: string) => string | null): Slot => ({
  name,
  types: [Bytes],
  kind: 'literal',
  ...(refuse === undefined ? {} : { refuse }),
});

/** A literal integer between bounds, both included. */
export const literalInt = (name: string, least: number, most: number): Slot => ({
  name,
  types: [Int],
  kind: 'literal',
  refuse: (found: number | bigint) =>
    found >= least && found <= most ? null : `is ${least} to ${most}, not ${found}`,
});

/** Letters that may stand in a text of options, each once. */
export const options = (name: string, letters: string): Slot =>
  optional(
    text(name, (found) => {
      const isKnown = [...found].every(
        (letter, at) => letters.includes(letter) && found.indexOf(letter) === at,
      );
      return isKnown ? null : `has letters out of ${JSON.stringify(letters)}, each once`;
    }),
  );
