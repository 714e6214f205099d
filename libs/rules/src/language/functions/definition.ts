/**
 * What a function of the Rules language is: how its arguments are checked while it is parsed, what it returns, and what
 * one call gives. A body is pure and total: a missing result is `undefined`, nothing throws.
 */
import type { Type } from '../types.ts';
import type { Value } from '../values.ts';

/** An argument as the checks see it: a literal with its value, or anything else by its type alone. */
export interface Parameter {
  readonly type: Type;
  /** The literal's value; undefined if the argument is not a literal. */
  readonly literal: Value | undefined;
  /** The name of the field if the argument is a field without an index, else undefined. */
  readonly field: string | undefined;
}

export interface FunctionDefinition {
  readonly name: string;
  /** As people write it: `substring(source Bytes, start Int, end? Int)`. */
  readonly signature: string;
  /** One line. */
  readonly doc: string;
  readonly example: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  /** What is wrong with argument number `at` (0-based) after the ones before it; null if nothing. */
  readonly check: (at: number, parameter: Parameter, before: readonly Parameter[]) => ArgumentFault | null;
  readonly returns: (parameters: readonly Parameter[]) => Type;
  /** Where it may be used: everywhere, or only where an expression gives a value (redirects, headers). */
  readonly place: 'any' | 'value';
  /** It stands once in an expression, and in no other function of this kind. */
  readonly isOnce?: true;
  /** Makes the body of one call; literals are given, so that what depends on them is worked out once. */
  readonly bind: (parameters: readonly Parameter[]) => FunctionBody;
}

/** The result for these arguments, missing ones being undefined; undefined if there is none. */
export type FunctionBody = (args: readonly (Value | undefined)[]) => Value | undefined;

export interface ArgumentFault {
  readonly code: 'argument_type' | 'argument_kind' | 'argument_value';
  readonly message: string;
  readonly hint?: string;
}
