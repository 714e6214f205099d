/** A control over the embedded log in a directory of its own, asked through inject(). */

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouse } from '@precede/clickhouse';
import { type FencedError, topicSpecs } from '@precede/contracts';
import { type EventLog, openEmbeddedLog } from '@precede/log';
import { createHealth, createMetrics, fixedClock, type Health, type Registry } from '@precede/service';
import { pino } from 'pino';
import { createAnalytics } from './analytics.ts';
import { type Authenticate, adminToken } from './auth.ts';
import { ConfigStore } from './config-store.ts';
import { buildServer } from './http.ts';
import { createControlMetrics } from './metrics.ts';

export const token = 'a-token-for-tests';
export const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0, 5);

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
}

export interface Harness {
  readonly log: EventLog;
  readonly store: ConfigStore;
  readonly registry: Registry;
  readonly health: Health;
  readonly fenced: FencedError[];
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export interface HarnessOptions {
  readonly log?: EventLog;
  readonly clickhouse?: ClickHouse;
  readonly authenticate?: Authenticate;
  readonly drawUuid?: () => string;
  readonly clock?: { now(): number };
  readonly maxWaiting?: number;
  readonly readTimeoutMs?: number;
}

export const withDirectory = async (): Promise<{ dir: string; remove(): Promise<void> }> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-control-'));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
};

export const openLog = async (dir: string): Promise<EventLog> => {
  const log = await openEmbeddedLog({ dir, partitions: 2 });
  await log.ensureTopics(topicSpecs);
  return log;
};

/** Without a log of the caller's it makes one and removes it at the end. */
export const startHarness = async (options: HarnessOptions = {}): Promise<Harness> => {
  const own = options.log === undefined ? await withDirectory() : undefined;
  const log = options.log ?? (await openLog(own?.dir ?? ''));
  const logger = pino({ level: 'silent' });
  const registry = createMetrics();
  const health = createHealth();
  const metrics = createControlMetrics(registry);
  const fenced: FencedError[] = [];
  const store = await ConfigStore.open({
    log,
    logger,
    metrics,
    maxWaiting: options.maxWaiting ?? 100,
    sendTimeoutMs: 10_000,
    readTimeoutMs: options.readTimeoutMs ?? 10_000,
    onFenced: (error) => fenced.push(error),
  });
  const app = buildServer({
    store,
    log,
    logger,
    registry,
    health,
    metrics,
    clock: options.clock ?? fixedClock(nowMs),
    analytics: createAnalytics(options.clickhouse, logger),
    authenticate: options.authenticate ?? adminToken(token),
    drawUuid: options.drawUuid ?? randomUUID,
    instance: {
      version: '0.0.1',
      mode: 'embedded',
      addresses: { ingest: 'http://i', enforcer: 'http://e', clickhouse: 'http://c' },
    },
  });
  return {
    log,
    store,
    registry,
    health,
    fenced,
    call: async (method, path, body, headers = {}) => {
      const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
      const answer = await app.inject({
        method: method as 'GET',
        url: `/client/v4${path}`,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
    },
    close: async () => {
      await app.close();
      await store.close();
      if (own === undefined) return;
      await log.close();
      await own.remove();
    },
  };
};

/** Codes and pointers of an answer that is a fault. */
export const faultsOf = (answer: Answer): readonly (readonly [number, string | undefined])[] =>
  answer.body.errors.map((e: { code: number; source?: { pointer: string } }) => [e.code, e.source?.pointer]);

export const zoneId = '0123456789abcdef0123456789abcdef';

export const makeZone = async (harness: Harness): Promise<void> => {
  await harness.call('POST', '/zones', { name: 'shop', id: zoneId });
};

/** Saves GET operations of one host and returns their ids in order. */
export const makeOperations = async (
  harness: Harness,
  endpoints: readonly string[],
  host = 'api.example.com',
): Promise<readonly string[]> => {
  const wanted = endpoints.map((endpoint) => ({ method: 'GET', host, endpoint }));
  const { body } = await harness.call('POST', `/zones/${zoneId}/api_gateway/operations`, wanted);
  return body.result.map((operation: { operation_id: string }) => operation.operation_id);
};
