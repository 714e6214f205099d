/** An argument as the checks and bodies of functions see it. */
import type { Argument } from './ast.ts';
import type { Parameter } from './functions/definition.ts';
import { Bytes, Int, Ip, type Type } from './types.ts';

const literalTypes = { bytes: Bytes, int: Int, ip: Ip } as const;

/** The type of an argument; of a value with `[*]`, that of one item. */
export const typeOfArgument = (argument: Argument): Type =>
  argument.kind === 'value' || argument.kind === 'logical' ? argument.type : literalTypes[argument.kind];

export const starsOf = (argument: Argument): number => (argument.kind === 'value' ? argument.stars : 0);

export const toParameter = (argument: Argument): Parameter => ({
  type: typeOfArgument(argument),
  literal: argument.kind === 'value' || argument.kind === 'logical' ? undefined : argument.value,
  field:
    argument.kind === 'value' && argument.base.kind === 'field' && argument.indexes.length === 0
      ? argument.base.field.name
      : undefined,
});
