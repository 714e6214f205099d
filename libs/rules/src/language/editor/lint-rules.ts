/** What is odd about a list of rules that are asked in order: besides what each has of its own, those never reached. */
import type { Expression } from '../ast.ts';
import { operationsOf } from '../compiled/rule-set.ts';
import { brief, type Finding, FindingCode, findingAt } from './findings.ts';
import { type LintOptions, lintExpression } from './lint.ts';
import { both, type Case, Solver } from './satisfy.ts';

export interface OrderedRule {
  readonly expression: Expression;
  /** What messages call it: its title or id. */
  readonly name: string;
  /** Whether no rule is asked after it where it matches; a rule that only logs does not end the round. */
  readonly endsRound: boolean;
}

/** Earlier rules of its operations that a rule is compared with, the nearest ones: silent about the others. */
const maxEarlier = 64;

interface Reach {
  readonly rule: OrderedRule;
  /** The operations that it can match for; null for any. */
  readonly operations: ReadonlySet<string> | null;
  /** Where it matches, and where it lets the next rule be asked. */
  readonly matching: readonly Case[];
  readonly passed: readonly Case[];
}

/** The findings of each rule, in the order of the rules. O(rules · cases); some milliseconds a rule at most. */
export const lintRules = (
  rules: readonly OrderedRule[],
  options: LintOptions = {},
): readonly (readonly Finding[])[] => {
  const solver = new Solver(options);
  const reaches = rules.map(
    (rule): Reach => ({
      rule,
      operations: operationsOf(rule.expression),
      matching: solver.casesOf(rule.expression, true),
      passed: solver.casesOf(rule.expression, false),
    }),
  );
  return reaches.map((reach, at) => {
    const earlier = reaches
      .slice(0, at)
      .filter((each) => each.rule.endsRound && canMeet(each, reach))
      .slice(-maxEarlier);
    const finding = unreachable(reach, earlier);
    return [...(finding === null ? [] : [finding]), ...lintExpression(reach.rule.expression, options)];
  });
};

/** Whether both may match one request, as far as its operation tells. */
const canMeet = ({ operations: a }: Reach, { operations: b }: Reach): boolean =>
  a === null || b === null || [...b].some((operation) => a.has(operation));

/** A rule that matches only where an earlier one, or one of several, has ended the round. */
const unreachable = ({ rule, matching }: Reach, earlier: readonly Reach[]): Finding | null => {
  // A rule that never matches has a finding of its own.
  if (matching.length === 0) return null;
  const wider = earlier.find(({ passed }) => both(matching, passed).length === 0);
  if (wider !== undefined) return aboutUnreachable(rule.expression, `rule ${brief(wider.rule.name)} ends`);
  const left = earlier.map(({ passed }) => passed).reduce(both, matching);
  return left.length > 0 ? null : aboutUnreachable(rule.expression, 'one of the rules before it ends');
};

const aboutUnreachable = (expression: Expression, ending: string): Finding =>
  findingAt(expression, {
    code: FindingCode.unreachable,
    severity: 'warning',
    message: `this rule is never reached: ${ending} the round wherever it matches`,
  });
