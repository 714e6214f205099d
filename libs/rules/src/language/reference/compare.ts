/** Whether one value satisfies one comparison. A missing value satisfies none, whatever the comparison. */
import type { ComparisonExpression, Literal, OrderingOperator, SetMember } from '../ast.ts';
import type { NamedLists } from '../lists.ts';
import { maxInt, minInt, type Value } from '../values.ts';
import { integer } from './bodies.ts';
import { compareBytes, findBytes, toBytes } from './bytes.ts';
import { isMatch } from './regex.ts';
import { matchWildcard } from './wildcard.ts';

/** Below, at or above zero as the value comes before, is, or comes after the literal; null if they have no order. */
const orderOf = (
  value: Value,
  literal: Literal | SetMember,
  bound: string | number | bigint,
): number | null => {
  if (literal.kind === 'int') {
    const [left, right] = [integer(value), BigInt(bound)];
    return left === right ? 0 : left < right ? -1 : 1;
  }
  const [left, right] = [toBytes(String(value)), toBytes(String(bound))];
  return literal.kind === 'ip' && left.length !== right.length ? null : compareBytes(left, right);
};

const satisfies = (order: number | null, operator: OrderingOperator): boolean => {
  if (order === null) return operator === 'ne';
  switch (operator) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case 'lt':
      return order < 0;
    case 'le':
      return order <= 0;
    case 'gt':
      return order > 0;
    case 'ge':
      return order >= 0;
    default:
      return operator satisfies never;
  }
};

const isMember = (value: Value, member: SetMember): boolean => {
  const [first, last] = member.kind === 'bytes' ? [member.value, member.value] : [member.first, member.last];
  const fromFirst = orderOf(value, member, first);
  const fromLast = orderOf(value, member, last);
  return fromFirst !== null && fromLast !== null && fromFirst >= 0 && fromLast <= 0;
};

/** The 64 bits of an integer in two's complement. */
const bitsOf = (value: Value): string => {
  const whole = integer(value);
  if (whole < minInt || whole > maxInt) return '';
  return (whole < 0n ? whole + 2n ** 64n : whole).toString(2).padStart(64, '0');
};

export const holds = (
  comparison: ComparisonExpression,
  value: Value | undefined,
  lists: NamedLists,
): boolean => {
  if (value === undefined) return false;
  const bytes = (): number[] => toBytes(String(value));
  switch (comparison.kind) {
    case 'is_true':
      return value === true;
    case 'ordering':
      return satisfies(orderOf(value, comparison.literal, comparison.literal.value), comparison.operator);
    case 'bitwise_and': {
      const wanted = bitsOf(comparison.literal.value);
      return [...bitsOf(value)].some((bit, at) => bit === '1' && wanted[at] === '1');
    }
    case 'contains':
      return findBytes(bytes(), toBytes(comparison.literal.value)) !== -1;
    case 'matches':
      return isMatch(bytes(), comparison.pattern);
    case 'wildcard':
      return matchWildcard(bytes(), toBytes(comparison.literal.value), comparison.isStrict) !== null;
    case 'in_set':
      return comparison.members.some((member) => isMember(value, member));
    case 'in_list': {
      const list = lists.get(comparison.list);
      return (
        list?.type === comparison.value.type.kind && list.members.some((member) => isMember(value, member))
      );
    }
    default:
      return comparison satisfies never;
  }
};
