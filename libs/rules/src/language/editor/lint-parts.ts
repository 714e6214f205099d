/** Which parts of an expression are never or always true, and which add nothing to what stands beside them. */
import type { ComparisonExpression, Expression } from '../ast.ts';
import { printExpression, printMember } from '../print.ts';
import { intervalOf } from './constraint.ts';
import { bare, brief, type Finding, FindingCode, findingAt, type Remark } from './findings.ts';
import { everyOf, type Interval, intersect, without } from './intervals.ts';
import { explain, maxCompared } from './lint-verdicts.ts';
import { anything, both, itemExpression, type Solver } from './satisfy.ts';

type Combine = Extract<Expression, { kind: 'combine' }>;

export const partFindings = (expression: Expression, solver: Solver): readonly Finding[] => {
  const { isNever, isAlways } = solver.verdictOf(expression);
  if (isNever || isAlways) return explain(expression, solver, isAlways);
  switch (expression.kind) {
    case 'group':
    case 'not':
      return partFindings(expression.of, solver);
    case 'quantifier':
      return quantifierFindings(expression, solver);
    case 'combine':
      return combineFindings(expression, solver);
    default:
      return [...presenceFindings(expression, solver), ...memberFindings(expression)];
  }
};

/** A comparison of items that is the same for all of them asks for the number of items alone. */
const quantifierFindings = (
  quantifier: Extract<Expression, { kind: 'quantifier' }>,
  solver: Solver,
): readonly Finding[] => {
  const item = itemExpression(quantifier.of);
  if (item === null) return [];
  const { isNever, isAlways } = solver.verdictOf(item);
  if (!isNever && !isAlways) return partFindings(item, solver);
  const message = isNever
    ? 'this is true only where there is no item'
    : 'every item passes this: it asks only whether there is one';
  const remark: Remark = { code: FindingCode.asksEmptiness, severity: 'notice', message };
  return [findingAt(quantifier, remark), ...explain(item, solver, isAlways)];
};

/** True of every value there is: false only where the value is missing. */
const presenceFindings = (comparison: ComparisonExpression, solver: Solver): readonly Finding[] => {
  const { subject, range, test } = solver.constraintOf(comparison);
  const { range: known, allows = () => true } = subject.knowledge;
  const failing = intersect(without(everyOf(subject.kind), range), known);
  if (test !== null || failing.some(allows)) return [];
  const message = `every value passes this: it asks only whether ${brief(subject.key)} is there`;
  return [findingAt(comparison, { code: FindingCode.asksPresence, severity: 'notice', message })];
};

/** Members of a set that others have in them. O(n log n). */
const memberFindings = (comparison: ComparisonExpression): readonly Finding[] => {
  if (comparison.kind !== 'in_set') return [];
  const members = comparison.members.map((member) => ({ member, interval: intervalOf(member) }));
  let widest: (typeof members)[number] | undefined;
  return [...members]
    .sort((a, b) => byReach(a.interval, b.interval))
    .flatMap((each) => {
      const { member } = each;
      if (widest === undefined || reachesBeyond(each.interval, widest.interval)) {
        widest = each;
        return [];
      }
      const [inner, outer] = [printMember(member), printMember(widest.member)].map(brief);
      const message = inner === outer ? `${inner} stands in the set twice` : `${inner} lies within ${outer}`;
      return [findingAt(member, { code: FindingCode.redundantMember, severity: 'notice', message })];
    });
};

/** By start; of those that start together, the widest first. */
const byReach = (a: Interval, b: Interval): number =>
  a.from < b.from ? -1 : a.from > b.from ? 1 : reachesBeyond(a, b) ? -1 : reachesBeyond(b, a) ? 1 : 0;

/** Members of a set always have an end. */
const reachesBeyond = (a: Interval, b: Interval): boolean => (a.to ?? '') > (b.to ?? '');

const combineFindings = (combine: Combine, solver: Solver): readonly Finding[] => {
  const { items, operator } = combine;
  const inside = items.flatMap((item) => partFindings(item, solver));
  const isSettled = (item: Expression): boolean => {
    const { isNever, isAlways } = solver.verdictOf(item);
    return isNever || isAlways;
  };
  const open = items.filter((item) => !isSettled(item));
  const repeated = repeatedOperands(open);
  const left = open.filter((item) => !repeated.includes(item));
  const redundant = operator === 'xor' ? [] : redundantOperands(left, operator === 'and', solver);
  return [
    ...inside,
    ...repeated.map((item) => findingAt(item, aboutRepeat(item, operator))),
    ...redundant.map((item) => findingAt(item, aboutRedundant(item, operator))),
  ];
};

const repeatedOperands = (items: readonly Expression[]): readonly Expression[] => {
  const seen = new Set<string>();
  return items.filter((item) => {
    const printed = printExpression(bare(item));
    const isRepeated = seen.has(printed);
    seen.add(printed);
    return isRepeated;
  });
};

const aboutRepeat = (item: Expression, operator: string): Remark => ({
  code: FindingCode.repeatedOperand,
  severity: 'warning',
  message: `${brief(printExpression(item))} stands on both sides of ${operator}`,
});

const aboutRedundant = (item: Expression, operator: string): Remark => ({
  code: FindingCode.redundantOperand,
  severity: 'notice',
  message:
    operator === 'and'
      ? `${brief(printExpression(item))} adds nothing: it is true whenever the other operands are`
      : `${brief(printExpression(item))} adds nothing: another operand is true whenever it is`,
});

/**
 * Operands that follow from the others: of `and`, those that are true wherever the others are; of `or`, those that are
 * false wherever the others are. The last of several is named first, and is then no longer one of the others.
 */
const redundantOperands = (
  items: readonly Expression[],
  isAnd: boolean,
  solver: Solver,
): readonly Expression[] => {
  if (items.length > maxCompared) return [];
  const kept = [...items];
  const redundant: Expression[] = [];
  for (const item of [...items].reverse()) {
    const others = kept.filter((each) => each !== item);
    if (others.length === 0) break;
    const cases = others.map((each) => solver.casesOf(each, isAnd)).reduce(both, anything);
    if (both(cases, solver.casesOf(item, !isAnd)).length > 0) continue;
    redundant.push(item);
    kept.splice(kept.indexOf(item), 1);
  }
  return redundant;
};
