/** An ingest server over a real embedded log in a temporary directory, with one configured zone; for tests. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type ConfigBody,
  type Operation,
  type OperationId,
  type RequestEvent,
  requestFromAvro,
  shortIdOf,
  Topic,
  type TopicName,
  topicSpecs,
  type UnmatchedObserved,
  unmatchedFromAvro,
  type ZoneId,
  zoneDefaults,
} from '@precede/contracts';
import {
  configRecordOf,
  type EventLog,
  type LogProducer,
  type LogRecord,
  openEmbeddedLog,
} from '@precede/log';
import { createHealth, createLogger, createMetrics, fixedClock, loadConfig } from '@precede/service';
import { ingestFields } from './config.ts';
import { buildServer } from './http.ts';
import { createIngestMetrics } from './metrics.ts';
import { followZones } from './zones.ts';

export const zoneId = 'a'.repeat(32) as ZoneId;
export const nowMs = Date.parse('2026-05-01T12:00:00Z');
export const sessionKeyHex = '07'.repeat(32);
export const eventsUrl = `/v1/zones/${zoneId}/events`;

const operation = (id: string, method: Operation['method'], endpoint: string): Operation => {
  const operationId = `${id}-0000-4000-8000-000000000000` as OperationId;
  return {
    operationId,
    shortId: shortIdOf(operationId),
    method,
    host: 'api.shop.com',
    endpoint,
    lastUpdatedMs: 0,
  };
};
export const listItems = operation('00000001', 'GET', '/items');
export const getItem = operation('00000002', 'GET', '/items/{var1}');

export const sendConfig = async (
  log: EventLog,
  zone: ZoneId,
  bodies: readonly ConfigBody[],
): Promise<void> => {
  const producer = await log.producer({ transactionalId: 'control' });
  const head = { zoneId: zone, revision: 1, records: bodies.length };
  await producer.send(bodies.map((body) => configRecordOf(log.codec, { ...body, ...head })));
  await producer.close();
};

export const zoneBodies: readonly ConfigBody[] = [
  ...[listItems, getItem].map(
    (each) => ({ kind: 'operation', id: each.operationId, operation: each }) as const,
  ),
  {
    kind: 'session_identifiers',
    id: 'identifiers',
    identifiers: [
      { type: 'header', name: 'X-Session' },
      { type: 'cookie', name: 'sid' },
    ],
  },
  {
    kind: 'zone',
    id: 'zone',
    settings: { ...zoneDefaults, name: 'shop', createdAtMs: 0, retiredShortIds: [] },
  },
];

/** The zone where the enforcer publishes the live requests. */
export const fedByEnforcer: readonly ConfigBody[] = zoneBodies.map((body) =>
  body.kind === 'zone' && body.settings !== null
    ? { ...body, settings: { ...body.settings, requestsOrigin: 'enforcer' } }
    : body,
);

/** Everything that stands on a topic now, by partition. */
export const readAll = async (log: EventLog, topic: TopicName): Promise<readonly LogRecord[]> => {
  const records: LogRecord[] = [];
  const tail = await log.tail({ topic, onRecords: (batch) => void records.push(...batch) });
  await tail.caughtUp;
  await tail.close();
  return records;
};

export interface Overrides {
  readonly environment?: Readonly<Record<string, string>>;
  /** Stands between the server and the log's own producer. */
  readonly wrap?: (producer: LogProducer) => LogProducer;
  /** The configuration of the zone; zoneBodies by default. */
  readonly bodies?: readonly ConfigBody[];
}

export const startFixture = async (t: TestContext, overrides: Overrides = {}) => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-ingest-'));
  const log = await openEmbeddedLog({ dir, partitions: 3 });
  const closers = [() => rm(dir, { recursive: true, force: true }), () => log.close()];
  t.after(async () => {
    for (const close of closers.reverse()) await close();
  });
  await log.ensureTopics(topicSpecs);
  await sendConfig(log, zoneId, overrides.bodies ?? zoneBodies);
  const config = loadConfig(ingestFields, { PRECEDE_SESSION_KEY: sessionKeyHex, ...overrides.environment });
  const logger = createLogger('ingest', 'silent');
  const registry = createMetrics();
  const metrics = createIngestMetrics(registry);
  const own = await log.producer();
  const producer = overrides.wrap?.(own) ?? own;
  closers.push(() => own.close());
  const zones = await followZones({ log, sessionKey: config.PRECEDE_SESSION_KEY, logger, metrics });
  closers.push(() => zones.close());
  await zones.caughtUp;
  const shared = { config, log, producer, zones, metrics, logger, registry, health: createHealth() };
  const app = buildServer({ ...shared, clock: fixedClock(nowMs) });
  closers.push(() => app.close());
  const requests = async (): Promise<readonly RequestEvent[]> =>
    (await readAll(log, Topic.requests)).map((r) =>
      requestFromAvro(log.codec.decode(Topic.requests, r.value as Buffer)),
    );
  const unmatched = async (): Promise<readonly UnmatchedObserved[]> =>
    (await readAll(log, Topic.unmatched)).map((r) =>
      unmatchedFromAvro(log.codec.decode(Topic.unmatched, r.value as Buffer)),
    );
  return { app, log, registry, requests, unmatched };
};

export const event = (changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  time: nowMs,
  method: 'GET',
  host: 'api.shop.com',
  path: '/items',
  session: 's1',
  ...changes,
});

/** Waits for a condition, up to half a minute. */
export const until = async (condition: () => Promise<boolean>): Promise<void> => {
  for (
    const deadline = Date.now() + 30_000;
    Date.now() < deadline;
    await new Promise((r) => setTimeout(r, 10))
  )
    if (await condition()) return;
  assert.fail('the condition was not met in time');
};
