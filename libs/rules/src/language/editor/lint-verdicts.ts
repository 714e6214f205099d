/** Why a part is never, or always, true: the findings are at the smallest parts that are enough for it. */
import type { ComparisonExpression, Expression } from '../ast.ts';
import { printExpression } from '../print.ts';
import { brief, type Finding, FindingCode, findingAt, type Remark } from './findings.ts';
import { both, itemExpression, type Solver } from './satisfy.ts';

/** Operands beyond which none is compared with all others. */
export const maxCompared = 24;

type Combine = Extract<Expression, { kind: 'combine' }>;

/** Of an expression that is always true if `isAlways`, else never. */
export const explain = (expression: Expression, solver: Solver, isAlways: boolean): readonly Finding[] => {
  switch (expression.kind) {
    case 'group':
      return explain(expression.of, solver, isAlways);
    case 'not':
      return explain(expression.of, solver, !isAlways);
    case 'quantifier': {
      const item = itemExpression(expression.of);
      return item === null ? [] : explain(item, solver, isAlways);
    }
    case 'combine':
      return explainCombine(expression, solver, isAlways);
    default:
      return explainComparison(expression, solver, isAlways);
  }
};

const explainCombine = (combine: Combine, solver: Solver, isAlways: boolean): readonly Finding[] => {
  const { items, operator } = combine;
  const isSettled = (item: Expression): boolean => {
    const verdict = solver.verdictOf(item);
    return isAlways ? verdict.isAlways : verdict.isNever;
  };
  const settled = operator === 'xor' ? [] : items.filter(isSettled);
  if (settled.length > 0) return settled.flatMap((item) => explain(item, solver, isAlways));
  const pair = operator === 'xor' ? null : decidingPair(items, solver, isAlways);
  return pair === null ? [findingAt(combine, plainly(isAlways))] : [aboutPair(pair, isAlways)];
};

type Pair = readonly [Expression, Expression];

/** Two operands that are never true at once (of `or`: never false at once). */
const decidingPair = (items: readonly Expression[], solver: Solver, isAlways: boolean): Pair | null => {
  if (items.length > maxCompared) return null;
  for (const [at, right] of items.entries())
    for (const left of items.slice(0, at))
      if (both(solver.casesOf(left, !isAlways), solver.casesOf(right, !isAlways)).length === 0)
        return [left, right];
  return null;
};

const aboutPair = ([left, right]: Pair, isAlways: boolean): Finding => {
  const [one, other] = [left, right].map((each) => brief(printExpression(each)));
  return findingAt(
    { start: left.start, end: right.end },
    {
      code: isAlways ? FindingCode.covering : FindingCode.excluding,
      severity: 'warning',
      message: isAlways
        ? `one of ${one} and ${other} is always true`
        : `${one} and ${other} are never true of one request`,
    },
  );
};

const plainly = (isAlways: boolean): Remark => ({
  code: isAlways ? FindingCode.alwaysTrue : FindingCode.neverTrue,
  severity: 'warning',
  message: isAlways ? 'this is always true' : 'this is never true',
});

const explainComparison = (
  comparison: ComparisonExpression,
  solver: Solver,
  isAlways: boolean,
): readonly Finding[] => {
  const { knowledge, key } = solver.constraintOf(comparison).subject;
  // What nobody fills has a finding of its own.
  if (knowledge.isUnfilled) return [];
  if (isAlways) return [findingAt(comparison, plainly(isAlways))];
  if (comparison.kind === 'in_set' && comparison.members.length === 0)
    return [findingAt(comparison, { ...plainly(false), code: FindingCode.emptySet, message: emptySet })];
  const { reason, hint } = knowledge;
  if (reason === undefined) return [findingAt(comparison, plainly(false))];
  const isThere = knowledge.range.length > 0;
  return [
    findingAt(comparison, {
      code: isThere ? FindingCode.impossibleValue : FindingCode.neverThere,
      severity: 'warning',
      message: isThere ? `this is never true: ${reason}` : `${brief(key)} is never there: ${reason}`,
      hint,
    }),
  ];
};

const emptySet = 'the set has no members, so nothing is in it';
