import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helmIsMissing, refusal } from './helm.ts';

const skip = helmIsMissing();

/** A value of the wrong form, and what names it in the answer of the schema. */
const wrongForms: readonly (readonly [path: string, value: unknown, answer: RegExp])[] = [
  ['kafka.broker', ['kafka:9092'], /'\/kafka': additional properties 'broker' not allowed/],
  ['kafka.brokers', ['kafka'], /'\/kafka\/brokers\/0': 'kafka' does not match/],
  ['kafka.brokers', 'kafka:9092', /'\/kafka\/brokers': got string, want array/],
  ['kafka.partitions', 0, /'\/kafka\/partitions': minimum: got 0, want 1/],
  ['kafka.sasl.mechanism', 'gssapi', /'\/kafka\/sasl\/mechanism': value must be one of/],
  ['kafka.tls.ca.pem', 'nonsense', /'\/kafka\/tls\/ca\/pem'.* does not match/],
  ['schemaRegistry.url', 'registry:8081', /'\/schemaRegistry\/url'.* does not match/],
  ['clickhouse.url', 'http://user:password@clickhouse:8123', /'\/clickhouse\/url'.* does not match/],
  ['clickhouse.keep.counts', 3, /'\/clickhouse\/keep\/counts': got number, want string/],
  ['auth.sessionKey.valu', 'x', /'\/auth\/sessionKey': additional properties 'valu' not allowed/],
  ['image.pullPolicy', 'Sometimes', /'\/image\/pullPolicy': value must be one of/],
  ['image.pullSecrets', ['registry'], /'\/image\/pullSecrets\/0': got string, want object/],
  ['ingest.replicas', 'two', /'\/ingest\/replicas': got string, want integer/],
  ['ingest.image.digest', 'latest', /'\/ingest\/image\/digest': 'latest' does not match/],
  ['ingest.drainSeconds', '5s', /'\/ingest\/drainSeconds': got string, want integer/],
  ['ingest.resources.limit', {}, /'\/ingest\/resources': additional properties 'limit' not allowed/],
  ['ingest.pod.extraEnv', [{ nam: 'A' }], /'\/ingest\/pod\/extraEnv\/0'/],
  [
    'ingest.settings.PRECEDE_INGEST_MAX_BODIES',
    '1MiB',
    /'\/ingest\/settings': additional properties 'PRECEDE_INGEST_MAX_BODIES'/,
  ],
  [
    'ingest.settings.PRECEDE_INGEST_PORT',
    80,
    /'\/ingest\/settings': additional properties 'PRECEDE_INGEST_PORT'/,
  ],
  [
    'ingest.settings.PRECEDE_INGEST_MAX_BODY',
    '32MB',
    /'\/ingest\/settings\/PRECEDE_INGEST_MAX_BODY': '32MB' does not match/,
  ],
  [
    'enforcer.settings.PRECEDE_ENFORCER_TOKEN',
    'x',
    /'\/enforcer\/settings': additional properties 'PRECEDE_ENFORCER_TOKEN'/,
  ],
  ['enforcer.settings.PRECEDE_ENFORCER_FAIL_MODE', 'shut', /FAIL_MODE': value must be one of/],
  [
    'enforcer.autoscaling.keda',
    { enabled: true },
    /'\/enforcer\/autoscaling': additional properties 'keda' not allowed/,
  ],
  ['control.replicas', 2, /'\/control': additional properties 'replicas' not allowed/],
  [
    'networkPolicy.egress.kafka.ports',
    ['9092'],
    /'\/networkPolicy\/egress\/kafka\/ports\/0': got string, want integer/,
  ],
  [
    'monitoring.serviceMonitor.interval',
    '15',
    /'\/monitoring\/serviceMonitor\/interval': '15' does not match/,
  ],
  ['ingress.enabled', true, /additional properties 'ingress' not allowed/],
];

for (const [path, value, answer] of wrongForms)
  test(`${path} = ${JSON.stringify(value)} is refused by its path`, { skip }, () => {
    assert.match(refusal({ set: { [path]: value } }), answer);
  });

/** Values that do not go together, and the sentence that says so. */
const sentences: readonly (readonly [
  what: string,
  set: Readonly<Record<string, unknown>>,
  answer: RegExp,
])[] = [
  ['no brokers', { 'kafka.brokers': [] }, /kafka\.brokers is required: a list of Kafka bootstrap addresses/],
  ['no registry', { 'schemaRegistry.url': '' }, /schemaRegistry\.url is required/],
  ['no ClickHouse', { 'clickhouse.url': '' }, /clickhouse\.url is required/],
  [
    'no session key',
    { 'auth.sessionKey.existingSecret': '' },
    /auth\.sessionKey is required: .*openssl rand -hex 32/,
  ],
  ['no admin token', { 'auth.adminToken.existingSecret': '' }, /auth\.adminToken is required/],
  [
    'a secret twice',
    { 'auth.adminToken.value': 'sixteen-characters' },
    /auth\.adminToken has both value and existingSecret/,
  ],
  ['SASL without user', { 'kafka.sasl.mechanism': 'plain' }, /kafka\.sasl\.username is required/],
  [
    'SASL without password',
    { 'kafka.sasl.mechanism': 'plain', 'kafka.sasl.username': 'u' },
    /kafka\.sasl\.password is required/,
  ],
  ['a user without SASL', { 'kafka.sasl.username': 'u' }, /kafka\.sasl\.mechanism is none/],
  [
    'an authority without TLS',
    { 'kafka.tls.ca.existingSecret': 'ca' },
    /kafka\.tls\.ca or kafka\.tls\.clientCertificate is set and kafka\.tls\.enabled is false/,
  ],
  [
    'two authorities',
    { 'kafka.tls': { enabled: true, ca: { existingSecret: 'a', existingConfigMap: 'b' } } },
    /kafka\.tls\.ca has more than one of/,
  ],
  [
    'a user of the jobs without password',
    { 'setup.clickhouse.username': 'u' },
    /setup\.clickhouse\.password is required/,
  ],
  [
    'HPA and KEDA',
    { 'scorer.autoscaling.hpa.enabled': true, 'scorer.autoscaling.keda.enabled': true },
    /scorer\.autoscaling\.hpa\.enabled and scorer\.autoscaling\.keda\.enabled exclude each other/,
  ],
  [
    'HPA without a request',
    { 'ingest.autoscaling.hpa.enabled': true },
    /ingest\.resources\.requests\.cpu is required/,
  ],
  [
    'more pods than partitions',
    { 'kafka.partitions': 6, 'sessionizer.autoscaling.keda.enabled': true },
    /maxReplicas is greater than kafka\.partitions \(6\)/,
  ],
  [
    'least above most',
    { 'scorer.autoscaling.keda.enabled': true, 'scorer.autoscaling.minReplicas': 13 },
    /minReplicas is greater than scorer\.autoscaling\.maxReplicas/,
  ],
  [
    'valkey without address',
    { 'enforcer.settings.PRECEDE_ENFORCER_SESSION_STORE': 'valkey' },
    /enforcer\.valkey\.url is required/,
  ],
  ['an Ingress without hosts', { 'control.ingress.enabled': true }, /control\.ingress\.hosts is required/],
  [
    'a route without gateway',
    { 'ingest.httpRoute.enabled': true },
    /ingest\.httpRoute\.parentRefs is required/,
  ],
  [
    'two monitors',
    { 'monitoring.serviceMonitor.enabled': true, 'monitoring.podMonitor.enabled': true },
    /exclude each other: every pod would be scraped twice/,
  ],
  [
    'a monitor behind closed doors',
    { 'networkPolicy.enabled': true, 'monitoring.podMonitor.enabled': true },
    /networkPolicy\.ingress\.metrics is required/,
  ],
];

for (const [what, set, answer] of sentences)
  test(`${what} is refused with a sentence`, { skip }, () => {
    assert.match(refusal({ set }), answer);
  });

test('a malformed secret is refused without being shown', { skip }, () => {
  const set = { 'auth.sessionKey.existingSecret': '', 'auth.sessionKey.value': 'hunter2' };

  const answer = refusal({ set });

  assert.match(answer, /auth\.sessionKey\.value must be 32 bytes as 64 hex digits; the value is not shown/);
  assert.doesNotMatch(answer, /hunter2/);
});
