/** Decisions as a gateway sees them traced: over gRPC as Envoy asks, over HTTP, and in what is written of them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { RequestsOrigin, Topic, type TopicName } from '@precede/contracts';
import type { EventLog, LogRecord } from '@precede/log';
import { createLogger, loadConfig, startTracing, type Tracing, tracingFields } from '@precede/service';
import { type OtlpCollector, startOtlpCollector } from '@precede/testkit/otlp-collector';
import { Registry } from 'prom-client';
import {
  closeAll,
  type Enforcer,
  host,
  openLog,
  operationOf,
  ready,
  ruleOf,
  snapshotOf,
  startTest,
  temporaryDir,
  until,
  writeZone,
  zone,
  zoneSettings,
} from './fixtures.test-kit.ts';
import { CheckRequest } from './gateways/gateways.test-kit.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const gatewaySpan = '00f067aa0ba902b7';
const sampled = `00-${traceId}-${gatewaySpan}-01`;
const other = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

let collector: OtlpCollector;
let log: EventLog;
let enforcer: Enforcer & { readonly grpcPort?: number | null };
let tracing: Tracing;
const dir = temporaryDir();

before(async () => {
  collector = await startOtlpCollector();
  log = await openLog(join(dir.path, 'log'));
  const rule = ruleOf(1, 'cart', 'pay');
  const operations = [operationOf('cart'), operationOf('pay', 'POST')];
  const settings = { ...zoneSettings, requestsOrigin: RequestsOrigin.enforcer };
  await writeZone(log, snapshotOf(operations, [rule], { settings }));
  const env = { PRECEDE_OTLP_ENDPOINT: collector.url, PRECEDE_TRACE_SAMPLE: '0' };
  tracing = await startTracing(loadConfig(tracingFields, env), {
    ...{ name: 'enforcer', messagingSystem: 'precede', logger: createLogger('test', 'silent') },
    registry: new Registry(),
  });
  enforcer = await startTest(log, { PRECEDE_ENFORCER_GRPC_PORT: '0' }, { tracing });
  await ready(enforcer);
});
after(async () => {
  await closeAll();
  await tracing?.close();
  await log?.close();
  await collector?.close();
  dir.remove();
});
beforeEach(() => {
  collector.spans.splice(0);
});

const spansOf = (trace: string, count: number) =>
  until(() => {
    const found = collector.spans.filter((span) => span.traceId === trace);
    return found.length >= count && found;
  });

const recordsOf = async (topic: TopicName): Promise<LogRecord[]> => {
  const found: LogRecord[] = [];
  const tail = await log.tail({ topic, onRecords: (records) => void found.push(...records) });
  await tail.caughtUp;
  await tail.close();
  return found;
};

const check = (headers: Record<string, string>, metadata: Record<string, string>): Promise<Buffer> => {
  const client = new Client(`127.0.0.1:${enforcer.grpcPort}`, credentials.createInsecure());
  const sent = new Metadata();
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  const http = { method: 'POST', path: '/pay', host, headers: { cookie: 'sid=one', ...headers } };
  const body = CheckRequest.encode({
    attributes: {
      request: { http },
      contextExtensions: { zone_id: zone },
      context_extensions: { zone_id: zone },
    },
  });
  const asIs = (bytes: Buffer): Buffer => bytes;
  return new Promise<Buffer>((resolve, reject) => {
    const path = '/envoy.service.auth.v3.Authorization/Check';
    client.makeUnaryRequest(path, asIs, asIs, body, sent, {}, (error, answer) => {
      if (error === null) resolve(answer as Buffer);
      else reject(error);
    });
  }).finally(() => client.close());
};

test('a call of Envoy is a span below that of its metadata, and has the decision in it', async () => {
  await check({ traceparent: other }, { traceparent: sampled });

  const spans = await spansOf(traceId, 2);
  const call = spans.find(({ name }) => name === 'envoy.service.auth.v3.Authorization/Check');
  const decision = spans.find(({ name }) => name === 'decide');
  assert.deepEqual([call?.kind, call?.parentId, call?.service], ['server', gatewaySpan, 'precede-enforcer']);
  assert.equal(call?.attributes['rpc.system.name'], 'grpc');
  assert.equal(decision?.parentId, call?.spanId);
  const { attributes = {} } = decision ?? {};
  assert.equal(attributes['precede.zone.id'], zone);
  assert.equal(attributes['precede.verdict'], 'block');
  assert.equal(attributes['precede.rule.phase'], 'apiShieldSequenceMitigation');
  assert.match(String(attributes['precede.decision.id']), /^[0-9a-f-]{36}$/);
});

test('without metadata the context of the client goes on, and one that is not sampled makes nothing', async () => {
  await check({ traceparent: other.replace(/1$/, '0') }, {});
  await check({ traceparent: other }, {});

  await spansOf('1'.repeat(32), 2);
  assert.equal(collector.spans.length, 2);
});

test('what is written of a traced decision carries its context in a header', async () => {
  const headers = { 'content-type': 'application/json', traceparent: sampled };
  const ask = async (method: string, path: string): Promise<string> => {
    const body = JSON.stringify({ zone_id: zone, method, host, path, cookies: { sid: 'two' } });
    const response = await fetch(`${enforcer.address}/v1/decide`, { method: 'POST', headers, body });
    return ((await response.json()) as { decision_id: string }).decision_id;
  };
  const denied = await ask('POST', '/pay');
  await ask('GET', '/cart');

  const spans = await spansOf(traceId, 4);
  const span = spans.find(({ attributes }) => attributes['precede.decision.id'] === denied);
  const written = await until(async () => {
    const [decisions, requests] = [await recordsOf(Topic.decisions), await recordsOf(Topic.requests)];
    const carried = (record: LogRecord): boolean => record.headers['traceparent']?.includes(traceId) === true;
    const found = { decisions: decisions.filter(carried), requests: requests.filter(carried) };
    return found.requests.length === 1 && found.decisions.length > 0 && found;
  });
  const contexts = written.decisions.map((record) => record.headers['traceparent']);
  assert.ok(contexts.includes(`00-${traceId}-${span?.spanId}-01`));
  assert.equal(span?.attributes['precede.rule.effect'], 'block');
});

test('a decision over a gateway of HTTP is in the span of its request', async () => {
  const headers = { host, cookie: 'sid=three', traceparent: sampled, 'x-forwarded-proto': 'https' };
  await fetch(`${enforcer.address}/v1/zones/${zone}/ext_authz/cart`, { headers });

  const spans = await spansOf(traceId, 2);
  const request = spans.find(({ kind }) => kind === 'server');
  assert.equal(request?.name, 'GET /v1/zones/:zoneId/ext_authz/*');
  assert.equal(request?.attributes['http.response.status_code'], 200);
  assert.equal(request?.attributes['url.path'], undefined);
  assert.equal(spans.find(({ name }) => name === 'decide')?.parentId, request?.spanId);
});

test('a request that cannot be decided says so in its span', async () => {
  const headers = { 'content-type': 'application/json', traceparent: sampled };
  const body = JSON.stringify({ zone_id: 'f'.repeat(32), method: 'GET', host, path: '/' });
  await fetch(`${enforcer.address}/v1/decide`, { method: 'POST', headers, body });

  const [span] = await spansOf(traceId, 1);
  assert.equal(span?.attributes['precede.fail.cause'], 'unknown_zone');
});
