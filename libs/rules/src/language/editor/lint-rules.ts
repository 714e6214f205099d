/** What is odd about a list of rules that are asked in order: besides what each has of its own, those never reached. */
import type { Expression } from '../ast.ts';
import { type Finding, FindingCode, findingAt, shorten } from './findings.ts';
import { type LintOptions, lintExpression } from './lint.ts';
import { both, type Case, Solver } from './satisfy.ts';

export interface OrderedRule {
  readonly expression: Expression;
  /** What messages call it: its title or id. */
  readonly name: string;
  /** Whether no rule is asked after it where it matches; a rule that only logs does not end the round. */
  readonly endsRound: boolean;
}

/** The findings of each rule, in the order of the rules. O(rules² · cases). */
export const lintRules = (
  rules: readonly OrderedRule[],
  options: LintOptions = {},
): readonly (readonly Finding[])[] => {
  const solver = new Solver(options);
  return rules.map((rule, at) => {
    const earlier = rules.slice(0, at).filter(({ endsRound }) => endsRound);
    const finding = unreachable(rule, earlier, solver);
    return [...(finding === null ? [] : [finding]), ...lintExpression(rule.expression, options)];
  });
};

/** A rule that matches only where an earlier one, or one of several, has ended the round. */
const unreachable = (
  { expression }: OrderedRule,
  earlier: readonly OrderedRule[],
  solver: Solver,
): Finding | null => {
  const matching = solver.casesOf(expression, true);
  // A rule that never matches has a finding of its own.
  if (matching.length === 0) return null;
  const passed = (rule: OrderedRule): readonly Case[] => solver.casesOf(rule.expression, false);
  const wider = earlier.find((rule) => both(matching, passed(rule)).length === 0);
  if (wider !== undefined) return aboutUnreachable(expression, `rule ${shorten(wider.name)} ends`);
  const left = earlier.map(passed).reduce(both, matching);
  return left.length > 0 ? null : aboutUnreachable(expression, 'one of the rules before it ends');
};

const aboutUnreachable = (expression: Expression, ending: string): Finding =>
  findingAt(expression, {
    code: FindingCode.unreachable,
    severity: 'warning',
    message: `this rule is never reached: ${ending} the round wherever it matches`,
  });
