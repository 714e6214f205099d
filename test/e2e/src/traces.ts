/** Traces of one request through a whole instance, as a collector of OpenTelemetry gets them. */
import assert from 'node:assert/strict';
import { clockMs, type Deployment, eventually } from '@precede/testkit';
import type { CollectedSpan, OtlpCollector } from '@precede/testkit/otlp-collector';

/** Where gateways and senders reach the instance. */
export interface Doors {
  readonly ingest: string;
  readonly enforcer: string;
}

const host = 'shop.example.com';
const gatewaySpan = 'c0ffee00c0ffee00';
const traceparentOf = (traceId: string): string => `00-${traceId}-${gatewaySpan}-01`;
const json = { 'content-type': 'application/json' };

export interface Shop {
  readonly zoneId: string;
  readonly ruleId: string;
}

/** Cart before checkout, known to ingest and enforcer. */
export const makeShop = async (d: Deployment, doors: Doors): Promise<Shop> => {
  const { id } = await d.control<{ id: string }>('POST', '/zones', { name: 'traced' });
  const operations = await d.control<readonly { operation_id: string }[]>(
    'POST',
    `/zones/${id}/api_gateway/operations`,
    ['/cart', '/checkout'].map((endpoint) => ({ method: 'POST', host, endpoint })),
  );
  const sequence = operations.map((each) => each.operation_id);
  const rule = await d.control<{ id: string }>('POST', `/zones/${id}/api_gateway/seqrules/rules`, {
    ...{ title: 'cart before checkout', kind: 'allow', action: 'block', sequence },
  });
  const { revision } = await d.control<{ revision: number }>('GET', `/zones/${id}`);
  for (const door of [doors.ingest, doors.enforcer])
    await eventually(`revision ${revision} at ${door}`, async () => {
      const response = await fetch(`${door}/v1/zones/${id}`);
      return response.ok && ((await response.json()) as { revision: number }).revision >= revision
        ? true
        : undefined;
    });
  return { zoneId: id, ruleId: rule.id };
};

/** Two requests of a session, as an import that ends, so that nothing waits for the clock. */
const sendRequests = async (doors: Doors, { zoneId }: Shop, traceId: string): Promise<void> => {
  const source = `import-${traceId.slice(0, 8)}`;
  const events = ['/cart', '/checkout'].map((path, i) => ({
    time: new Date(clockMs - 60_000 + i * 1_000).toISOString(),
    ...{ method: 'POST', host, path, session: 'one' },
  }));
  const url = `${doors.ingest}/v1/zones/${zoneId}`;
  const headers = { ...json, traceparent: traceparentOf(traceId) };
  const body = JSON.stringify(events);
  const sent = await fetch(`${url}/events?source=${source}`, { method: 'POST', headers, body });
  assert.equal(sent.status, 200, await sent.text());
  const ended = await fetch(`${url}/sources/${source}/end`, { method: 'POST' });
  assert.equal(ended.status, 200, await ended.text());
};

const inTrace = (collector: OtlpCollector, traceId: string): readonly CollectedSpan[] =>
  collector.spans.filter((span) => span.traceId === traceId);

/** The batch that a record's span names: it links back, and what is below it was done for it. */
const batchOf = (collector: OtlpCollector, span: CollectedSpan, name: string) => {
  const ids = new Set(span.links.map((link) => link.spanId));
  const batch = collector.spans.find((each) => ids.has(each.spanId) && each.name === name);
  assert.ok(batch, `${span.name} is linked to ${name}`);
  assert.ok(batch.links.some((link) => link.spanId === span.spanId));
  return { batch, below: collector.spans.filter((each) => each.parentId === batch.spanId) };
};

const child = (spans: readonly CollectedSpan[], parentId: string, name: string): CollectedSpan => {
  const found = spans.find((span) => span.parentId === parentId && span.name === name);
  assert.ok(
    found,
    `${name} is a child of ${parentId} among\n${spans.map((s) => `${s.parentId} ${s.name}`).join('\n')}`,
  );
  return found;
};

const assertRequestTrace = (collector: OtlpCollector, traceId: string, shop: Shop): void => {
  const spans = inTrace(collector, traceId);
  const request = child(spans, gatewaySpan, 'POST /v1/zones/:zone_id/events');
  assert.deepEqual([request.service, request.kind], ['precede-ingest', 'server']);
  assert.equal(request.attributes['http.response.status_code'], 200);
  assert.equal(request.attributes['precede.zone.id'], shop.zoneId);
  const send = child(spans, request.spanId, 'send requests.v1');
  assert.equal(send.kind, 'producer');
  const taken = child(spans, send.spanId, 'process requests.v1');
  assert.equal(taken.service, 'precede-sessionizer');
  batchOf(collector, taken, 'step requests.v1');
  const counted = child(spans, taken.spanId, 'process sequences.v1');
  assert.equal(counted.service, 'precede-scorer');
  const { below } = batchOf(collector, counted, 'store counts');
  const inserts = below.filter(({ name }) => name.startsWith('INSERT '));
  const names = inserts.map(({ name }) => name).sort();
  assert.deepEqual(names, ['INSERT count_progress', 'INSERT sequence_counts']);
  for (const { kind, attributes } of inserts) {
    assert.equal(kind, 'client');
    assert.equal(attributes['db.system.name'], 'clickhouse');
    assert.equal(attributes['db.namespace'], 'precede');
  }
};

/** From the gateway's span through ingest, sessionizer and scorer to the inserts. */
export const followsARequest = async (
  d: Deployment,
  doors: Doors,
  collector: OtlpCollector,
  shop: Shop,
): Promise<void> => {
  const traceId = 'aa'.repeat(16);
  await sendRequests(doors, shop, traceId);

  // Each service sends its spans when it likes.
  await eventually('the whole trace', async () => {
    assertRequestTrace(collector, traceId, shop);
    return true;
  });
  await assertCounted(d, shop);
};

/** Tracing has not changed what is counted: one pair, once. */
const assertCounted = async (d: Deployment, { zoneId }: Shop): Promise<void> => {
  const sql = `SELECT sum(occurrences) AS n FROM sequence_hours
    WHERE zone_id = '${zoneId}' AND form = 'collapsed' AND length(operations) = 2`;
  assert.equal(Number((await d.sql(sql))[0]?.['n']), 1);
};

interface Decided {
  readonly decision: string;
  readonly decision_id: string;
}

const decide = async (doors: Doors, zoneId: string, traceId: string): Promise<Decided> => {
  const described = { zone_id: zoneId, method: 'POST', host, path: '/checkout', session: 'two' };
  const headers = { ...json, traceparent: traceparentOf(traceId) };
  const body = JSON.stringify(described);
  const response = await fetch(`${doors.enforcer}/v1/decide`, { method: 'POST', headers, body });
  assert.equal(response.status, 200);
  return (await response.json()) as Decided;
};

/** A few decisions and a body, all of them traced; resolves when the decisions are stored. */
export const asksAndSends = async (d: Deployment, doors: Doors, shop: Shop): Promise<void> => {
  const traceId = 'ee'.repeat(16);
  let last = '';
  for (let i = 0; i < 20; i += 1) last = (await decide(doors, shop.zoneId, traceId)).decision_id;
  const events = [
    { time: new Date(clockMs).toISOString(), method: 'POST', host, path: '/cart', session: 'x' },
  ];
  const headers = { ...json, traceparent: traceparentOf(traceId) };
  const url = `${doors.ingest}/v1/zones/${shop.zoneId}/events`;
  const sent = await fetch(url, { method: 'POST', headers, body: JSON.stringify(events) });
  assert.equal(sent.status, 200);
  const stored = `SELECT trace_id FROM decisions WHERE decision_id = '${last}'`;
  await eventually('the last decision', async () => ((await d.sql(stored)).length > 0 ? true : undefined));
};

const assertDecisionTrace = (collector: OtlpCollector, traceId: string, id: string, rule: string): void => {
  const spans = inTrace(collector, traceId);
  const asked = child(spans, gatewaySpan, 'POST /v1/decide');
  const decision = child(spans, asked.spanId, 'decide');
  assert.equal(decision.attributes['precede.decision.id'], id);
  assert.equal(decision.attributes['precede.rule.id'], rule);
  const stored = child(spans, decision.spanId, 'process decisions.v1');
  const { below } = batchOf(collector, stored, 'store decisions');
  assert.deepEqual(
    below.map(({ name }) => name),
    ['INSERT decisions'],
  );
};

/** From the gateway's span through the enforcer to the row of the decision, whose receipt names the trace. */
export const followsADecision = async (
  d: Deployment,
  doors: Doors,
  collector: OtlpCollector,
  { zoneId, ruleId }: Shop,
  traceId: string,
): Promise<void> => {
  const decided = await decide(doors, zoneId, traceId);
  assert.equal(decided.decision, 'deny');

  await eventually('the whole trace', async () => {
    assertDecisionTrace(collector, traceId, decided.decision_id, ruleId);
    return true;
  });
  const receipt = await d.control<{ trace_id: string | null }>(
    'GET',
    `/zones/${zoneId}/decisions/${decided.decision_id}`,
  );
  assert.equal(receipt.trace_id, traceId);
};
