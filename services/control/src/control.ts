/** Composes control from what it is given: event log, perhaps ClickHouse, and the tools of the process. */
import { randomUUID } from 'node:crypto';
import { type ClickHouse, measuredClickHouse, tracedClickHouse } from '@precede/clickhouse';
import type { FencedError } from '@precede/contracts';
import { type EventLog, measuredLog } from '@precede/log';
import { clickhouseCalls, listen, type RunningService, type Tools } from '@precede/service';
import packageJson from '../package.json' with { type: 'json' };
import { createAnalytics, watchClickHouse } from './analytics.ts';
import { adminToken } from './auth.ts';
import type { ControlConfig } from './config.ts';
import { ConfigStore } from './config-store.ts';
import { buildServer } from './http.ts';
import { createControlMetrics } from './metrics.ts';
import type { Instance } from './routes.ts';

export interface ControlDeps extends Tools {
  readonly log: EventLog;
  /** Without it the routes that ask for scores answer 503. */
  readonly clickhouse?: ClickHouse;
  /** Another control has taken over. Default: ends the process, as what it shows may be old from now on. */
  readonly onFenced?: (error: FencedError) => void;
}

/** Thrown outside of every promise chain, it reaches the handler of unexpected faults, which ends the process with 2. */
const endProcess = (error: FencedError): void => {
  setImmediate(() => {
    throw error;
  });
};

export const startControl = async (config: ControlConfig, deps: ControlDeps): Promise<RunningService> => {
  const { logger, registry, health, clock, tracing } = deps;
  const metrics = createControlMetrics(registry);
  const log = measuredLog(deps.log, metrics.log);
  const traced = deps.clickhouse && tracedClickHouse(deps.clickhouse, clickhouseCalls(tracing));
  const clickhouse = traced && measuredClickHouse(traced, metrics.clickhouse);
  health.set('config', false, 'reading the configuration');
  const store = await ConfigStore.open({
    log,
    logger,
    metrics,
    tracing,
    maxWaiting: config.PRECEDE_CONTROL_MAX_WAITING_WRITES,
    sendTimeoutMs: config.PRECEDE_CONTROL_SEND_TIMEOUT,
    readTimeoutMs: config.PRECEDE_CONTROL_READ_TIMEOUT,
    onFenced: (error) => {
      health.set('config', false, 'another control has taken over');
      (deps.onFenced ?? endProcess)(error);
    },
  });
  const stopWatching = clickhouse === undefined ? () => {} : watchClickHouse(clickhouse, health);
  const app = buildServer({
    store,
    log,
    clock,
    health,
    registry,
    logger,
    metrics,
    tracing,
    analytics: createAnalytics(clickhouse, logger),
    authenticate: adminToken(config.PRECEDE_CONTROL_ADMIN_TOKEN),
    drawUuid: randomUUID,
    instance: instanceOf(config),
  });
  const address = await listen(app, config.PRECEDE_CONTROL_HOST, config.PRECEDE_CONTROL_PORT);
  health.set('config', true);
  const close = async (): Promise<void> => {
    stopWatching();
    await app.close();
    await store.close();
  };
  return { name: 'control', address, health, close };
};

const instanceOf = (config: ControlConfig): Instance => ({
  version: packageJson.version,
  mode: config.PRECEDE_CONTROL_MODE,
  addresses: {
    ingest: config.PRECEDE_CONTROL_INGEST_URL,
    enforcer: config.PRECEDE_CONTROL_ENFORCER_URL,
    clickhouse: config.PRECEDE_CONTROL_CLICKHOUSE_URL,
  },
});
