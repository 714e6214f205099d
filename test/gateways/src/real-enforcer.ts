/** The enforcer itself, on an embedded log that holds one zone with a rule of each action. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConfigBody,
  type ExpressionRule,
  type Operation,
  type OperationId,
  Phase,
  type RuleAction,
  type RuleId,
  type SequenceRule,
  shortIdOf,
  topicSpecs,
  zoneDefaults,
} from '@precede/contracts';
import { enforcerFields, startEnforcer } from '@precede/enforcer';
import { configRecordOf, type EventLog, openEmbeddedLog } from '@precede/log';
import { createHealth, createLogger, loadConfig, systemClock } from '@precede/service';
import { eventually } from '@precede/testkit';
import { Registry } from 'prom-client';
import { token, zone } from './stand-in.ts';

export interface RealEnforcer {
  readonly httpPort: number;
  readonly grpcPort: number;
  close(): Promise<void>;
}

export const startRealEnforcer = async (): Promise<RealEnforcer> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-gateways-'));
  const log = await openEmbeddedLog({ dir, partitions: 2 });
  await log.ensureTopics(topicSpecs);
  await writeZone(log);
  const health = createHealth();
  const config = loadConfig(enforcerFields, {
    PRECEDE_ENFORCER_HOST: '127.0.0.1',
    PRECEDE_ENFORCER_PORT: '0',
    PRECEDE_ENFORCER_GRPC_PORT: '0',
    PRECEDE_ENFORCER_TOKEN: token,
    PRECEDE_SESSION_KEY: '01'.repeat(32),
    // The machine may be busy; the deadline is not what is tested.
    PRECEDE_ENFORCER_DEADLINE: '10s',
  });
  const enforcer = await startEnforcer(config, {
    ...{ log, health, registry: new Registry(), logger: createLogger('enforcer', 'silent') },
    clock: systemClock,
  });
  await eventually('the zone', async () => (health.isReady() ? true : undefined));
  return {
    httpPort: Number(new URL(enforcer.address).port),
    grpcPort: enforcer.grpcPort ?? 0,
    close: async () => {
      await enforcer.close();
      await log.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const operationOf = (endpoint: string, method: Operation['method'], digit: string): Operation => {
  const operationId = `${digit.repeat(8)}-0000-4000-8000-000000000000` as OperationId;
  const shortId = shortIdOf(operationId);
  return { operationId, shortId, method, host: 'api.example.com', endpoint, lastUpdatedMs: 0 };
};

const cart = operationOf('/cart', 'GET', '1');
const pay = operationOf('/pay', 'POST', '2');

const cartBeforePay: SequenceRule = {
  ...{ ruleId: '00000000-0000-4000-8000-000000000001' as RuleId, title: 'cart before pay' },
  ...{ kind: 'allow', action: 'block', start: cart.operationId, end: pay.operationId, position: 1 },
  ...{ createdAtMs: 0, lastUpdatedMs: 0 },
};

const ruleOf = (
  number: number,
  phase: Phase,
  path: string,
  action: RuleAction,
  ratelimit: ExpressionRule['ratelimit'] = null,
): ExpressionRule => ({
  ...{ ruleId: `10000000-0000-4000-8000-00000000000${number}` as RuleId, phase, position: number },
  ...{
    ref: `r${number}`,
    description: '',
    isEnabled: true,
    expression: `http.request.uri.path eq "${path}"`,
  },
  ...{
    action,
    ratelimit,
    isLogOnly: false,
    rolloutPercent: 100,
    version: 1,
    createdAtMs: 0,
    lastUpdatedMs: 0,
  },
});

const value = (text: string) => ({ kind: 'value', value: text }) as const;
const expressionRules: readonly ExpressionRule[] = [
  ruleOf(1, Phase.custom, '/block', {
    kind: 'block',
    response: { status: 451, contentType: 'application/problem+json', content: '{"title":"größer"}' },
  }),
  ruleOf(2, Phase.custom, '/log', { kind: 'log' }),
  ruleOf(3, Phase.redirect, '/old', {
    ...{ kind: 'redirect', status: 308, keepsQuery: true },
    target: { kind: 'expression', expression: 'concat("/new", http.request.uri.path)' },
  }),
  ruleOf(
    4,
    Phase.ratelimit,
    '/limited',
    { kind: 'block', response: null },
    {
      ...{ characteristics: ['ip.src'], periodMs: 60_000, requestsPerPeriod: 2 },
      ...{ mitigationTimeoutMs: 0, countingExpression: '' },
    },
  ),
  ruleOf(5, Phase.lateTransform, '/headers', {
    kind: 'rewrite',
    headers: [
      { name: 'x-tier', operation: 'set', value: { kind: 'expression', expression: 'http.request.method' } },
      { name: 'x-list', operation: 'add', value: value('added') },
      { name: 'x-seen', operation: 'remove', value: null },
    ],
  }),
];

const writeZone = async (log: EventLog): Promise<void> => {
  const settings = { name: 'shop', createdAtMs: 0, ...zoneDefaults, retiredShortIds: [] };
  const bodies: readonly ConfigBody[] = [
    ...[cart, pay].map((each): ConfigBody => ({ kind: 'operation', id: each.operationId, operation: each })),
    { kind: 'sequence_rule', id: cartBeforePay.ruleId, rule: cartBeforePay },
    ...expressionRules.map(
      (rule): ConfigBody => ({ kind: 'expression_rule', id: rule.ruleId, expressionRule: rule }),
    ),
    { kind: 'session_identifiers', id: 'all', identifiers: [{ type: 'cookie', name: 'sid' }] },
    { kind: 'zone', id: 'zone', settings },
  ];
  const producer = await log.producer();
  const records = bodies.length;
  await producer.send(
    bodies.map((body) => configRecordOf(log.codec, { zoneId: zone, revision: 1, records, ...body })),
  );
  await producer.close();
};
