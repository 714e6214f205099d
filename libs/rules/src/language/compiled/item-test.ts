/** What a comparison asks of one value that is there, with all that depends on its literal worked out beforehand. */
import type { ComparisonExpression } from '../ast.ts';
import type { NamedLists } from '../lists.ts';
import type { Value } from '../values.ts';
import { compileWildcard } from '../wildcard.ts';
import { compileList, compileMembers } from './membership.ts';

export type ItemTest = (value: Value) => boolean;

export const compileTest = (comparison: ComparisonExpression, lists: NamedLists): ItemTest => {
  switch (comparison.kind) {
    case 'is_true':
      return (value) => value as boolean;
    case 'ordering':
      return compileOrdering(comparison.operator, comparison.literal.value);
    case 'bitwise_and':
      return compileBitwiseAnd(comparison.literal.value);
    case 'contains': {
      const wanted = comparison.literal.value;
      return (value) => (value as string).includes(wanted);
    }
    case 'matches': {
      const { regex } = comparison;
      return (value) => regex.test(value as string);
    }
    case 'wildcard':
      return compileWildcard(comparison.literal.value, comparison.isStrict) as ItemTest;
    case 'in_set':
      return compileMembers(comparison.members);
    case 'in_list':
      // Whether a list has to be there is for the parser to say.
      return compileList(lists.get(comparison.list));
    default:
      return comparison satisfies never;
  }
};

const compileOrdering = (
  operator: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge',
  literal: number | bigint | string,
): ItemTest => {
  switch (operator) {
    case 'eq':
      return (value) => value === literal;
    case 'ne':
      return (value) => value !== literal;
    case 'lt':
      return (value) => value < literal;
    case 'le':
      return (value) => value <= literal;
    case 'gt':
      return (value) => value > literal;
    case 'ge':
      return (value) => value >= literal;
    default:
      return operator satisfies never;
  }
};

const compileBitwiseAnd = (literal: number | bigint): ItemTest => {
  const mask = BigInt(literal);
  // Bits 0..30 are the same in the 32-bit view that the operator of the platform takes of a safe integer.
  if (literal >= 0 && literal < 2 ** 31)
    return (value) =>
      typeof value === 'number' ? (value & Number(literal)) !== 0 : ((value as bigint) & mask) !== 0n;
  return (value) => (BigInt(value as number | bigint) & mask) !== 0n;
};
