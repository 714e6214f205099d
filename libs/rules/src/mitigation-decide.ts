/**
 * Asks the rules of one operation about one lookback. The hot path of the enforcer: an operation without rules costs
 * one map lookup and no allocation.
 */
import type { ShortId, Verdict } from '@precede/contracts';
import type { MitigationRule, MitigationTable } from './mitigation.ts';

export const MitigationCause = {
  /** No rule ends in this operation. */
  noRule: 'no_rule',
  /** Block rules were asked and none denied. */
  notForbidden: 'not_forbidden',
  /** An allow rule found its start. */
  startSeen: 'start_seen',
  /** A block rule found its start. */
  forbiddenSeen: 'forbidden_seen',
  /** Allow rules were asked and none found its start. */
  startMissing: 'start_missing',
} as const;
export type MitigationCause = (typeof MitigationCause)[keyof typeof MitigationCause];

export interface MitigationVerdict {
  /** `log` lets the request pass as `allow` does, but some rule in `logged` would have denied it. */
  readonly kind: Verdict;
  readonly cause: MitigationCause;
  /** The rule that denied the request, the allow rule that let it pass, or the allow rule that only logged that its start was missing; else null. */
  readonly rule: MitigationRule | null;
  /** Rules with action log that fired, in the order in which they did. */
  readonly logged: readonly MitigationRule[];
}

const none: readonly MitigationRule[] = Object.freeze([]);
const verdict = (
  kind: Verdict,
  cause: MitigationCause,
  rule: MitigationRule | null,
  logged: readonly MitigationRule[] = none,
): MitigationVerdict => ({ kind, cause, rule, logged });

const noRule = Object.freeze(verdict('allow', 'no_rule', null));
const notForbidden = Object.freeze(verdict('allow', 'not_forbidden', null));

/** Whether a rule with action block blocks this request; else it logs. */
export type Enforces = (rule: MitigationRule) => boolean;

const enforcesAll: Enforces = () => true;

/**
 * The verdict on a request of `operation` after the operations in `lookback` (any order). A denial ends the round at
 * once, so allow rules behind it are not asked and those before it are not judged. O(rules of the operation · 9).
 */
export const decideMitigation = (
  table: MitigationTable,
  operation: ShortId,
  lookback: readonly ShortId[],
  enforces: Enforces = enforcesAll,
): MitigationVerdict => {
  const rules = table.get(operation);
  return rules === undefined ? noRule : ask(rules, lookback, enforces);
};

const ask = (
  rules: readonly MitigationRule[],
  lookback: readonly ShortId[],
  enforces: Enforces,
): MitigationVerdict => {
  let firstAllow: MitigationRule | null = null;
  let logged: MitigationRule[] | null = null;
  for (const rule of rules) {
    const isSeen = lookback.includes(rule.start);
    if (rule.kind === 'allow') {
      if (isSeen) return passed('start_seen', rule, logged);
      firstAllow ??= rule;
    } else if (isSeen) {
      if (rule.action === 'block' && enforces(rule))
        return verdict('block', 'forbidden_seen', rule, logged ?? none);
      logged = append(logged, rule);
    }
  }
  if (firstAllow === null) return logged === null ? notForbidden : passed('not_forbidden', null, logged);
  if (firstAllow.action === 'block' && enforces(firstAllow))
    return verdict('block', 'start_missing', firstAllow, logged ?? none);
  return passed('start_missing', firstAllow, append(logged, firstAllow));
};

const passed = (
  cause: MitigationCause,
  rule: MitigationRule | null,
  logged: readonly MitigationRule[] | null,
): MitigationVerdict =>
  logged === null ? verdict('allow', cause, rule) : verdict('log', cause, rule, logged);

const append = (logged: MitigationRule[] | null, rule: MitigationRule): MitigationRule[] => {
  if (logged === null) return [rule];
  logged.push(rule);
  return logged;
};
