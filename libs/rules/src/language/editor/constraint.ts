/**
 * A comparison as what it asks of one value: an interval set where that says all of it, else a test that is asked of single
 * values alone. A comparison is true if the value is there, in the set, and passes the test.
 */
import type { BytesLiteral, ComparisonExpression, SetMember, ValueExpression } from '../ast.ts';
import { compileTest } from '../compiled/item-test.ts';
import { noLists } from '../lists.ts';
import { printComparison, printValue } from '../print.ts';
import type { Type } from '../types.ts';
import type { Value } from '../values.ts';
import { wildcardParts } from '../wildcard.ts';
import { matchesEveryText } from './every-text.ts';
import {
  between,
  everyOf,
  type Interval,
  type Intervals,
  intersect,
  merge,
  only,
  pointOf,
  startingWith,
  without,
} from './intervals.ts';
import { type Knowledge, knowledgeOf, looseFunctions, type Surroundings } from './knowledge.ts';

/** A question about a text or number that no interval set answers. */
export interface Test {
  /** The same for the same question. */
  readonly id: string;
  /** Null where the answer depends on more than the value: on a named list. */
  readonly holds: ((value: Value) => boolean) | null;
  /** A text that is part of each value that passes; '' if none is known. */
  readonly part: string;
  /** Whether every value with that part passes. */
  readonly isContains: boolean;
}

/** A value that is compared, the same for all comparisons that print it the same. */
export interface Subject {
  readonly key: string;
  readonly kind: Type['kind'];
  readonly knowledge: Knowledge;
  /** An item of `[*]` is never missing. */
  readonly canBeMissing: boolean;
}

export interface Constraint {
  readonly subject: Subject;
  /** Of all values of the type, those that may pass. */
  readonly range: Intervals;
  readonly test: Test | null;
}

const subjectOf = (value: ValueExpression, kind: Type['kind'], surroundings: Surroundings): Subject => ({
  key: printValue(value),
  kind,
  knowledge: knowledgeOf(value, kind, surroundings),
  canBeMissing: value.stars === 0 && !hasDefault(value),
});

/** coalesce or concat with a literal among its arguments. */
const hasDefault = ({ base, indexes }: ValueExpression): boolean =>
  base.kind === 'call' &&
  indexes.length === 0 &&
  looseFunctions.has(base.definition.name) &&
  base.args.some((each) => each.kind !== 'value');

interface Asked {
  readonly range: Intervals;
  readonly test?: Test;
}

/** O(members of a set · log). */
export const constraintOf = (comparison: ComparisonExpression, surroundings: Surroundings): Constraint => {
  const { value } = comparison;
  const call = comparison.kind === 'is_true' ? textCallOf(value) : null;
  if (call !== null) {
    const subject = subjectOf(call.source, 'bytes', surroundings);
    const { range, test = null } = askedByCall(call, subject.knowledge);
    return { subject, range, test };
  }
  const kind = comparison.kind === 'is_true' ? 'bool' : value.type.kind;
  const subject = subjectOf(value, kind, surroundings);
  const { range, test = null } = askedBy(comparison, subject);
  return { subject, range, test };
};

interface TextCall {
  readonly name: 'starts_with' | 'ends_with';
  readonly source: ValueExpression;
  readonly literal: BytesLiteral;
}

/** `starts_with(value, "text")` and `ends_with` say something of the value itself. */
const textCallOf = ({ base, indexes }: ValueExpression): TextCall | null => {
  if (base.kind !== 'call' || indexes.length > 0) return null;
  const { name } = base.definition;
  const [source, literal] = base.args;
  const isText = (name === 'starts_with' || name === 'ends_with') && literal?.kind === 'bytes';
  return isText && source?.kind === 'value' ? { name, source, literal } : null;
};

const allowsPart = ({ allowsPart: allows }: Knowledge, part: string): boolean => allows?.(part) ?? true;

const askedByCall = ({ name, literal: { value: part } }: TextCall, knowledge: Knowledge): Asked => {
  const every = everyOf('bytes');
  if (!allowsPart(knowledge, part)) return { range: [] };
  if (name === 'starts_with') return { range: startingWith(part) };
  if (part === '') return { range: every };
  const holds = (value: Value): boolean => (value as string).endsWith(part);
  return { range: every, test: { id: `ends_with ${part}`, holds, part, isContains: false } };
};

const askedBy = (comparison: ComparisonExpression, { key, kind, knowledge }: Subject): Asked => {
  const every = everyOf(kind);
  switch (comparison.kind) {
    case 'is_true':
      return { range: only(1n) };
    case 'ordering':
      return { range: rangeOfOrdering(comparison, kind) };
    case 'in_set':
      return { range: merge(comparison.members.map((member) => intervalOf(member))) };
    case 'bitwise_and':
      if (comparison.literal.value === 0) return { range: [] };
      break;
    case 'contains': {
      const part = comparison.literal.value;
      if (!allowsPart(knowledge, part)) return { range: [] };
      if (part === '') return { range: every };
      break;
    }
    case 'matches':
      if (matchesEveryText(comparison.pattern)) return { range: every };
      break;
    case 'wildcard':
      return askedByWildcard(comparison, knowledge, key);
    case 'in_list':
      break;
    default:
      comparison satisfies never;
  }
  return { range: every, test: testOf(comparison, key) };
};

const testOf = (comparison: ComparisonExpression, key: string): Test => ({
  id: printComparison(comparison).slice(key.length),
  holds: comparison.kind === 'in_list' ? null : compileTest(comparison, noLists),
  part: comparison.kind === 'contains' ? comparison.literal.value : '',
  isContains: comparison.kind === 'contains',
});

const rangeOfOrdering = (
  { operator, literal }: Extract<ComparisonExpression, { kind: 'ordering' }>,
  kind: Type['kind'],
): Intervals => {
  const every = everyOf(kind);
  const { from, to } = every[0] as Interval;
  const point = pointOf(kind, literal.value);
  switch (operator) {
    case 'eq':
      return only(point);
    case 'ne':
      return without(every, only(point));
    case 'lt':
      return intersect(every, [{ from, to: point }]);
    case 'le':
      return [between(from, point)];
    case 'gt':
      return without(every, [between(from, point)]);
    case 'ge':
      return [{ from: point, to }];
    default:
      return operator satisfies never;
  }
};

export const intervalOf = (member: SetMember): Interval => {
  if (member.kind === 'bytes') return between(member.value, member.value);
  return between(pointOf(member.kind, member.first), pointOf(member.kind, member.last));
};

const askedByWildcard = (
  comparison: Extract<ComparisonExpression, { kind: 'wildcard' }>,
  knowledge: Knowledge,
  key: string,
): Asked => {
  const { isStrict, literal } = comparison;
  if (literal.value === '*') return { range: everyOf('bytes') };
  const parts = wildcardParts(literal.value);
  if (isStrict && parts.length === 1) return { range: only(parts.join('')) };
  const isPossible = parts.every((part) => allowsPart(knowledge, part));
  return isStrict && !isPossible ? { range: [] } : { range: everyOf('bytes'), test: testOf(comparison, key) };
};
