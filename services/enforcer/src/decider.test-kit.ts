/** A decision function over one zone, with the stores of one process and no server: what the tests of the rules ask. */
import {
  type ExpressionRule,
  type NamedListConfig,
  Phase,
  type RuleAction,
  type RuleId,
  type SequenceRule,
  type ZoneSnapshot,
} from '@precede/contracts';
import { createLogger, noTracing, type Soon } from '@precede/service';
import { Registry } from 'prom-client';
import type { Decision } from './decision.ts';
import { failModesOf } from './fail-mode.ts';
import {
  configOf,
  host,
  masterKey,
  metricIn,
  noTokens,
  operationOf,
  snapshotOf,
  zone,
} from './fixtures.test-kit.ts';
import type { GatewayRequest } from './gateway-request.ts';
import { createEnforcerMetrics } from './metrics.ts';
import { Overload } from './overload.ts';
import { createDecide, type PipelineDeps } from './pipeline.ts';
import { Publisher } from './publisher.ts';
import { Recorder } from './recorder.ts';
import { RequestFeed } from './request-feed.ts';
import { openStores } from './stores/open.ts';
import { ZoneTables } from './zone-tables.ts';

export const startMs = Date.UTC(2026, 10, 22, 12);

const lastOf = new Map<Phase, number>();

/** A rule by expression that matches everything and blocks, but for what is given. */
export const expressionRule = (
  phase: Phase,
  action: RuleAction,
  more: Partial<ExpressionRule> = {},
): ExpressionRule => {
  const position = (lastOf.get(phase) ?? 0) + 1;
  lastOf.set(phase, position);
  const number = String(Object.values(Phase).indexOf(phase) * 10_000 + position).padStart(12, '0');
  return {
    ruleId: `10000000-0000-4000-8000-${number}` as RuleId,
    phase,
    position,
    ref: `r${number}`,
    description: '',
    isEnabled: true,
    expression: 'true',
    action,
    ratelimit: null,
    isLogOnly: false,
    rolloutPercent: 100,
    version: 1,
    createdAtMs: 0,
    lastUpdatedMs: 0,
    ...more,
  };
};

export const block: RuleAction = { kind: 'block', response: null };

export const listOf = (
  name: string,
  kind: NamedListConfig['kind'],
  values: readonly string[],
): NamedListConfig => ({
  listId: Buffer.from(name.padEnd(16)).toString('hex').slice(0, 32),
  name,
  kind,
  description: '',
  items: values.map((value) => ({ itemId: value, value, comment: '', createdAtMs: 0 })),
  createdAtMs: 0,
  lastUpdatedMs: 0,
});

export interface Decider {
  readonly clock: { nowMs: number; now(): number };
  readonly tables: ZoneTables;
  /** As a client without anything: GET /cart of the test host. */
  ask(request?: Partial<GatewayRequest>): Soon<Decision>;
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

export interface DeciderOptions {
  readonly expressionRules?: readonly ExpressionRule[];
  readonly rules?: readonly SequenceRule[];
  readonly snapshot?: Partial<ZoneSnapshot>;
  readonly lists?: readonly NamedListConfig[];
  readonly env?: Readonly<Record<string, string>>;
  readonly deps?: Partial<PipelineDeps>;
}

export const operations = [operationOf('cart'), operationOf('pay', 'POST'), operationOf('ship')];

export const plainRequest: GatewayRequest = {
  zoneId: zone,
  method: 'GET',
  scheme: 'https',
  host,
  path: '/cart',
  headers: new Map(),
  cookies: new Map(),
  session: null,
  timeMs: null,
  clientIp: null,
  httpVersion: null,
  body: null,
  isBodyCut: false,
  metadata: new Map(),
};

export const startDecider = (options: DeciderOptions = {}): Decider => {
  const config = configOf(options.env);
  const clock = { nowMs: startMs, now: () => clock.nowMs };
  const registry = new Registry();
  const metrics = createEnforcerMetrics(registry, clock);
  const logger = createLogger('enforcer', 'silent');
  const tables = new ZoneTables({ masterKey, isLogOnly: false, tokens: noTokens, logger, metrics, clock });
  const lists = new Map((options.lists ?? []).map((list) => [list.name, list]));
  const isInForce = tables.install(
    snapshotOf(operations, options.rules ?? [], {
      expressionRules: options.expressionRules ?? [],
      lists,
      ...options.snapshot,
    }),
  );
  if (!isInForce) throw new Error('the snapshot of the test does not compile');
  const decide = createDecide({
    ...{ tables, metrics, clock },
    stores: openStores(config, { logger, metrics, clock }),
    recorder: new Recorder(new Publisher({ maxQueued: 100, logger, counts: metrics })),
    feed: new RequestFeed(new Publisher({ maxQueued: 100, logger, counts: metrics.feed })),
    overload: new Overload({ maxWaiting: 100, deadlineMs: 60_000 }),
    random: () => 0.5,
    hasSnapshot: () => true,
    failModes: failModesOf(config),
    allowSample: 0,
    deadlineMs: 60_000,
    tracing: noTracing,
    ...options.deps,
  });
  return {
    clock,
    tables,
    ask: (request = {}) => decide(zone, { ...plainRequest, ...request }, () => 0),
    metric: (name, labels = {}) => metricIn(registry, name, labels),
  };
};
