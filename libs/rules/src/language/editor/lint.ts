/**
 * What is odd about an expression that parses: parts that are never or always true, fields that nobody fills, habits that
 * mislead. It says "never" and "always" of what is certain for all requests alone; where it is not sure it is silent.
 */
import type { Expression } from '../ast.ts';
import type { NamedLists } from '../lists.ts';
import { type Finding, FindingCode, findingAt } from './findings.ts';
import { fieldFindings } from './lint-fields.ts';
import { habitFindings } from './lint-habits.ts';
import { partFindings } from './lint-parts.ts';
import { Solver } from './satisfy.ts';

export interface LintOptions {
  /** The named lists that exist. What is in them may change while the rule is in use: only an empty one is remarked on. */
  readonly lists?: NamedLists | undefined;
  /** Fields of metadata that the gateway of the zone passes; without it all may be there. */
  readonly metadata?: ReadonlySet<string>;
}

/** Findings by place. Of a text of 4096 characters it takes some milliseconds. */
export const lintExpression = (expression: Expression, options: LintOptions = {}): readonly Finding[] => {
  const solver = new Solver(options);
  return [
    ...wholeFindings(expression, solver),
    ...partFindings(expression, solver),
    ...fieldFindings(expression, options),
    ...habitFindings(expression, options),
  ].sort((a, b) => a.offset - b.offset || b.length - a.length);
};

const wholeFindings = (expression: Expression, solver: Solver): readonly Finding[] => {
  const { isNever, isAlways } = solver.verdictOf(expression);
  if (!isNever && !isAlways) return [];
  const code = isNever ? FindingCode.neverMatches : FindingCode.alwaysMatches;
  const message = isNever ? 'the rule never matches' : 'the rule matches every request';
  return [findingAt(expression, { code, severity: 'warning', message })];
};
