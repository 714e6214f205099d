/**
 * Traces of the embedded instance: a request and a decision followed from the gateway's span to ClickHouse, and an
 * instance whose collector is away or silent.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Deployment, deployEmbedded } from '@precede/testkit';
import { type OtlpCollector, startOtlpCollector } from '@precede/testkit/otlp-collector';
import {
  asksAndSends,
  type Doors,
  followsADecision,
  followsARequest,
  makeShop,
  type Shop,
} from './traces.ts';

let collector: OtlpCollector;
let deployment: Deployment;
let doors: Doors;
let shop: Shop;

before(async () => {
  collector = await startOtlpCollector();
  deployment = await deployEmbedded(undefined, {
    PRECEDE_OTLP_ENDPOINT: collector.url,
    PRECEDE_TRACE_SAMPLE: '0',
    PRECEDE_TRACE_LIMIT: '100000',
    // However busy this machine is.
    PRECEDE_ENFORCER_DEADLINE: '60s',
  });
  doors = JSON.parse(readFileSync(join(deployment.dataDir, 'instance.json'), 'utf8')) as Doors;
  shop = await makeShop(deployment, doors);
});
after(async () => {
  await deployment?.close();
  await collector?.close();
});

test('a request is followed from the gateway through ingest, sessionizer and scorer to its inserts', async () => {
  await followsARequest(deployment, doors, collector, shop);
});

test('a decision is followed from the gateway to its row, and its receipt names the trace', async () => {
  await followsADecision(deployment, doors, collector, shop, 'bb'.repeat(16));
});

test('what comes without a context is not traced where the share is 0', async () => {
  const untraced = await fetch(`${doors.ingest}/v1/zones/${shop.zoneId}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '[]',
  });
  await followsADecision(deployment, doors, collector, shop, 'cc'.repeat(16));

  assert.equal(untraced.status, 200);
  const senders = collector.spans.filter(({ kind }) => kind === 'server').map(({ traceId }) => traceId);
  assert.deepEqual(
    [...new Set(senders)].sort(),
    ['aa', 'bb', 'cc'].map((byte) => byte.repeat(16)),
  );
});

test('while the collector is silent or refuses, nothing else notices', async () => {
  for (const mood of ['silent', 'failing'] as const) {
    collector.mood = mood;
    await asksAndSends(deployment, doors, shop);
  }
  collector.mood = 'taking';

  await followsADecision(deployment, doors, collector, shop, 'dd'.repeat(16));
});
