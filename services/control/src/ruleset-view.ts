/** Rulesets and their rules as the Rulesets API shows them; `log_only` and `rollout_percent` are ours. */
import type { ExpressionRule, Phase, ZoneSnapshot } from '@precede/contracts';
import { timestamp } from './envelope.ts';
import { parametersView } from './ruleset-actions.ts';
import type { RulesetName } from './ruleset-names.ts';
import { rateLimitView } from './ruleset-ratelimit.ts';

/** What a client says of a rule, as it would say it. */
export const definitionView = (rule: ExpressionRule) => {
  const parameters = parametersView(rule.action);
  return {
    id: rule.ruleId,
    ref: rule.ref,
    description: rule.description,
    enabled: rule.isEnabled,
    expression: rule.expression,
    action: rule.action.kind,
    ...(parameters === undefined ? {} : { action_parameters: parameters }),
    ...(rule.ratelimit === null ? {} : { ratelimit: rateLimitView(rule.ratelimit) }),
    ...(rule.action.kind === 'skip' ? { logging: { enabled: true } } : {}),
    log_only: rule.isLogOnly,
    rollout_percent: rule.rolloutPercent,
  };
};

export const expressionRuleView = (rule: ExpressionRule) => ({
  ...definitionView(rule),
  version: String(rule.version),
  last_updated: timestamp(rule.lastUpdatedMs),
});

/** By position. */
export const rulesOf = (zone: ZoneSnapshot, phase: Phase): readonly ExpressionRule[] =>
  zone.expressionRules.filter((rule) => rule.phase === phase);

/** Without its rules, as lists have it. A phase that nobody has changed is as old as its zone. */
export const rulesetHead = (zone: ZoneSnapshot, { phase, name, rulesetId }: RulesetName) => {
  const info = zone.phases.get(phase);
  return {
    id: rulesetId,
    name: 'default',
    description: info?.description ?? '',
    kind: 'zone',
    phase: name,
    version: String(info?.version ?? 0),
    last_updated: timestamp(info?.lastUpdatedMs ?? zone.settings.createdAtMs),
  };
};

export type RulesetView = ReturnType<typeof rulesetHead> & {
  readonly rules: readonly ReturnType<typeof expressionRuleView>[];
};

export const rulesetView = (zone: ZoneSnapshot, named: RulesetName): RulesetView => ({
  ...rulesetHead(zone, named),
  rules: rulesOf(zone, named.phase).map(expressionRuleView),
});
