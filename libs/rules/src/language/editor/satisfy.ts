/**
 * Whether an expression can be true, and whether it can be false: the cases in which it is so, as what each asks of the
 * values it reads. Negations are pushed down to the comparisons. Where there would be too many cases, some of what is asked
 * is left out: there are then more cases than in truth, never fewer, so that "no case" stays certain.
 */
import type { Argument, ComparisonExpression, Expression } from '../ast.ts';
import { printExpression } from '../print.ts';
import { type Constraint, constraintOf, type Subject, type Test } from './constraint.ts';
import {
  everyOf,
  type Interval,
  type Intervals,
  intersect,
  isSingle,
  only,
  valueAt,
  without,
} from './intervals.ts';
import type { Surroundings } from './knowledge.ts';

/** What a case asks of one value. */
interface Held {
  readonly canBeMissing: boolean;
  /** Values it may have if it is there. */
  readonly range: Intervals;
  readonly tests: readonly { readonly test: Test; readonly isWanted: boolean }[];
  readonly subject: Subject;
}
/** By value. A case that cannot be is never made. */
export type Case = ReadonlyMap<string, Held>;

/** One case that asks nothing. */
export const anything: readonly Case[] = [new Map()];
const maxCases = 64;
const maxPairs = 512;

export interface Verdict {
  readonly isNever: boolean;
  readonly isAlways: boolean;
}

/** Answers for one expression and its parts, each worked out once. */
export class Solver {
  readonly #surroundings: Surroundings;
  readonly #whenTrue = new Map<Expression, readonly Case[]>();
  readonly #whenFalse = new Map<Expression, readonly Case[]>();
  readonly #constraints = new Map<ComparisonExpression, Constraint>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  verdictOf(expression: Expression): Verdict {
    return {
      isNever: this.casesOf(expression, true).length === 0,
      isAlways: this.casesOf(expression, false).length === 0,
    };
  }

  /** The cases in which it is true, or false. */
  casesOf(expression: Expression, isWanted: boolean): readonly Case[] {
    const known = isWanted ? this.#whenTrue : this.#whenFalse;
    const found = known.get(expression) ?? this.#workOut(expression, isWanted);
    known.set(expression, found);
    return found;
  }

  constraintOf(comparison: ComparisonExpression): Constraint {
    const found = this.#constraints.get(comparison) ?? constraintOf(comparison, this.#surroundings);
    this.#constraints.set(comparison, found);
    return found;
  }

  #workOut(expression: Expression, isWanted: boolean): readonly Case[] {
    switch (expression.kind) {
      case 'group':
        return this.casesOf(expression.of, isWanted);
      case 'not':
        return this.casesOf(expression.of, !isWanted);
      case 'quantifier':
        return this.#quantifier(expression, isWanted);
      case 'combine':
        return this.#combine(expression, isWanted);
      default:
        return comparisonCases(this.constraintOf(expression), isWanted);
    }
  }

  #combine(
    { operator, items }: Extract<Expression, { kind: 'combine' }>,
    isWanted: boolean,
  ): readonly Case[] {
    if (operator === 'xor') return this.#odd(items)[isWanted ? 0 : 1];
    const cases = items.map((item) => this.casesOf(item, isWanted));
    return (operator === 'and') === isWanted ? cases.reduce(both) : cases.reduce(either);
  }

  /** Cases in which an odd, and in which an even number of operands is true. */
  #odd(items: readonly Expression[]): readonly [readonly Case[], readonly Case[]] {
    let odd: readonly Case[] = [];
    let even = anything;
    for (const item of items) {
      const [yes, no] = [this.casesOf(item, true), this.casesOf(item, false)];
      [odd, even] = [either(both(odd, no), both(even, yes)), either(both(odd, yes), both(even, no))];
    }
    return [odd, even];
  }

  /** any is false, and all is true, of no items; so one of their two answers always stays possible. */
  #quantifier(quantifier: Extract<Expression, { kind: 'quantifier' }>, isWanted: boolean): readonly Case[] {
    const { operator, of } = quantifier;
    const item = itemExpression(of);
    const isAny = operator === 'any';
    const decides = isWanted === isAny;
    const isSure = isAny || of.kind === 'logical';
    if (item !== null && isSure && decides && this.casesOf(item, isAny).length === 0) return [];
    const subject: Subject = {
      key: printExpression(quantifier),
      kind: 'bool',
      knowledge: { range: everyOf('bool') },
      canBeMissing: false,
    };
    return comparisonCases({ subject, range: only(1n), test: null }, isWanted);
  }
}

/** What any/all asks of each item; null for a call, whose result over a missing array is missing itself. */
export const itemExpression = (of: Argument): Expression | null =>
  of.kind === 'logical'
    ? of.of
    : of.kind === 'value'
      ? { kind: 'is_true', value: of, start: of.start, end: of.end }
      : null;

const comparisonCases = ({ subject, range, test }: Constraint, isWanted: boolean): readonly Case[] => {
  const { knowledge } = subject;
  const tests = test === null ? [] : [{ test, isWanted }];
  const wanted = isWanted || test !== null ? range : without(everyOf(subject.kind), range);
  const held: Held = {
    subject,
    canBeMissing: subject.canBeMissing && !isWanted,
    range: intersect(wanted, knowledge.range),
    tests,
  };
  return isPossible(held) ? [new Map([[subject.key, held]])] : [];
};

/** Whether some value, or none at all, is as it is asked for. */
const isPossible = ({ canBeMissing, range, tests, subject: { knowledge } }: Held): boolean => {
  if (canBeMissing) return true;
  if (tests.some((one) => tests.some((other) => contradicts(one, other)))) return false;
  return range.some((interval) => (knowledge.allows?.(interval) ?? true) && passes(interval, tests));
};

/** Of an interval of many values some are taken to pass. */
const passes = (interval: Interval, tests: Held['tests']): boolean =>
  !isSingle(interval) ||
  tests.every(({ test, isWanted }) => test.holds === null || test.holds(valueAt(interval.from)) === isWanted);

const contradicts = (one: Held['tests'][number], other: Held['tests'][number]): boolean =>
  one.isWanted &&
  !other.isWanted &&
  (one.test.id === other.test.id || (other.test.isContains && one.test.part.includes(other.test.part)));

const join = (a: Held, b: Held): Held => ({
  subject: a.subject,
  canBeMissing: a.canBeMissing && b.canBeMissing,
  range: intersect(a.range, b.range),
  tests: [...a.tests, ...b.tests.filter((each) => !a.tests.includes(each))],
});

/** What both cases ask; null if that cannot be. */
const joinCases = (a: Case, b: Case): Case | null => {
  const joined = new Map(a);
  for (const [key, held] of b) {
    const before = joined.get(key);
    const after = before === undefined ? held : join(before, held);
    if (before !== undefined && !isPossible(after)) return null;
    joined.set(key, after);
  }
  return joined;
};

/** Cases of two expressions that hold at once; those of the first alone if there would be too many. */
export const both = (a: readonly Case[], b: readonly Case[]): readonly Case[] => {
  if (a.length * b.length > maxPairs) return a.length === 0 || b.length === 0 ? [] : a;
  const cases: Case[] = [];
  for (const left of a)
    for (const right of b) {
      const joined = joinCases(left, right);
      if (joined !== null) cases.push(joined);
    }
  return cases.length > maxCases ? a : cases;
};

const either = (a: readonly Case[], b: readonly Case[]): readonly Case[] =>
  a.length + b.length > maxCases ? anything : [...a, ...b];
