/** Which rules name a list: those that compile with it and not without it. */
import type { ExpressionRule, ZoneSnapshot } from '@precede/contracts';
import { parseRule } from '@precede/rules';
import { listTypesOf } from './list-values.ts';

/** Disabled rules are among them: they must compile on the day they are enabled. */
export const rulesNaming = (zone: ZoneSnapshot, name: string): readonly ExpressionRule[] => {
  const others = new Map(listTypesOf(zone));
  others.delete(name);
  return zone.expressionRules.filter(
    (rule) => mayName(rule, name) && parseRule(rule, others).kind === 'faults',
  );
};

/** Asked first, as parsing 10,000 rules takes a while. White space may not stand between $ and the name. */
const mayName = (rule: ExpressionRule, name: string): boolean => {
  const text = `$${name}`;
  if (rule.expression.includes(text) || rule.ratelimit?.countingExpression.includes(text)) return true;
  return JSON.stringify([rule.action, rule.ratelimit]).includes(text);
};
