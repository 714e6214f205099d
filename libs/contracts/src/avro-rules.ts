/** Rules by expression, lists and token configurations between config.v1 and its Avro schema; parameters travel as JSON. */
import type {
  ExpressionRule,
  JsonWebKey,
  ListKind,
  NamedListConfig,
  Phase,
  PhaseInfo,
  RateLimit,
  RuleAction,
  TokenConfiguration,
} from './expression-rules.ts';
import type { RuleId } from './ids.ts';

export interface AvroExpressionRule {
  rule_id: string;
  phase: string;
  position: number;
  ref: string;
  description: string;
  enabled: boolean;
  expression: string;
  action: string;
  ratelimit: string;
  log_only: boolean;
  rollout_percent: number;
  version: number;
  created_at: number;
  last_updated: number;
}
export interface AvroPhase {
  phase: string;
  description: string;
  version: number;
  last_updated: number;
}
export interface AvroList {
  list_id: string;
  name: string;
  kind: string;
  description: string;
  items: readonly { item_id: string; value: string; comment: string; created_at: number }[];
  created_at: number;
  last_updated: number;
}
export interface AvroTokenConfiguration {
  config_id: string;
  body: string;
  created_at: number;
  last_updated: number;
}

export const expressionRuleToAvro = (r: ExpressionRule): AvroExpressionRule => ({
  rule_id: r.ruleId,
  phase: r.phase,
  position: r.position,
  ref: r.ref,
  description: r.description,
  enabled: r.isEnabled,
  expression: r.expression,
  action: JSON.stringify(r.action),
  ratelimit: r.ratelimit === null ? '' : JSON.stringify(r.ratelimit),
  log_only: r.isLogOnly,
  rollout_percent: r.rolloutPercent,
  version: r.version,
  created_at: r.createdAtMs,
  last_updated: r.lastUpdatedMs,
});

export const expressionRuleFromAvro = (r: AvroExpressionRule): ExpressionRule => ({
  ruleId: r.rule_id as RuleId,
  phase: r.phase as Phase,
  position: r.position,
  ref: r.ref,
  description: r.description,
  isEnabled: r.enabled,
  expression: r.expression,
  action: JSON.parse(r.action) as RuleAction,
  ratelimit: r.ratelimit === '' ? null : (JSON.parse(r.ratelimit) as RateLimit),
  isLogOnly: r.log_only,
  rolloutPercent: r.rollout_percent,
  version: r.version,
  createdAtMs: r.created_at,
  lastUpdatedMs: r.last_updated,
});

export const phaseToAvro = (p: PhaseInfo): AvroPhase => ({
  phase: p.phase,
  description: p.description,
  version: p.version,
  last_updated: p.lastUpdatedMs,
});

export const phaseFromAvro = (p: AvroPhase): PhaseInfo => ({
  phase: p.phase as Phase,
  description: p.description,
  version: p.version,
  lastUpdatedMs: p.last_updated,
});

export const listToAvro = (l: NamedListConfig): AvroList => ({
  list_id: l.listId,
  name: l.name,
  kind: l.kind,
  description: l.description,
  items: l.items.map((item) => ({
    item_id: item.itemId,
    value: item.value,
    comment: item.comment,
    created_at: item.createdAtMs,
  })),
  created_at: l.createdAtMs,
  last_updated: l.lastUpdatedMs,
});

export const listFromAvro = (l: AvroList): NamedListConfig => ({
  listId: l.list_id,
  name: l.name,
  kind: l.kind as ListKind,
  description: l.description,
  items: l.items.map((item) => ({
    itemId: item.item_id,
    value: item.value,
    comment: item.comment,
    createdAtMs: item.created_at,
  })),
  createdAtMs: l.created_at,
  lastUpdatedMs: l.last_updated,
});

type TokenBody = Omit<TokenConfiguration, 'configId' | 'createdAtMs' | 'lastUpdatedMs'>;

export const tokenConfigurationToAvro = (t: TokenConfiguration): AvroTokenConfiguration => {
  const { configId, createdAtMs, lastUpdatedMs, ...body } = t;
  return {
    config_id: configId,
    body: JSON.stringify(body),
    created_at: createdAtMs,
    last_updated: lastUpdatedMs,
  };
};

export const tokenConfigurationFromAvro = (t: AvroTokenConfiguration): TokenConfiguration => {
  const body = JSON.parse(t.body) as TokenBody & { readonly keys: readonly JsonWebKey[] };
  return { ...body, configId: t.config_id, createdAtMs: t.created_at, lastUpdatedMs: t.last_updated };
};
