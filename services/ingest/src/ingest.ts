/**
 * Starts ingest over an event log that somebody else opened and will close: in its own process over Kafka (main.ts),
 * or beside the other services over the embedded log (the CLI).
 */
import { type EventLog, type LogProducer, measuredLog } from '@precede/log';
import { type Health, listen, type RunningService, type Tools } from '@precede/service';
import type { IngestConfig } from './config.ts';
import { buildServer } from './http.ts';
import { createIngestMetrics } from './metrics.ts';
import { followZones, type Zones } from './zones.ts';

export interface IngestDeps extends Tools {
  readonly log: EventLog;
}

const pingEveryMs = 5_000;
const pingTimeoutMs = 2_000;
/** The largest body's records fit in it many times over: only slow acknowledgement fills it, and that is answered 503. */
const maxBufferedBytes = 256 * 1024 * 1024;

export const startIngest = async (config: IngestConfig, deps: IngestDeps): Promise<RunningService> => {
  const { logger, health, registry } = deps;
  health.set('config', false, 'reading the configuration');
  health.set('log', false, 'connecting');
  const metrics = createIngestMetrics(registry);
  const log = measuredLog(deps.log, metrics.log);
  const producer = await log.producer({ maxBufferedBytes });
  const zones = await followZones({ log, sessionKey: config.PRECEDE_SESSION_KEY, logger, metrics });
  zones.caughtUp.then(
    () => health.set('config', true),
    (err: unknown) => logger.error({ err }, 'the configuration could not be read to its end'),
  );
  const stopPinging = keepPinging(log, health);
  const app = buildServer({ ...deps, log, config, producer, zones, metrics });
  const address = await listen(app, config.PRECEDE_INGEST_HOST, config.PRECEDE_INGEST_PORT);
  const close = async (): Promise<void> => {
    health.drain();
    // Ends when the requests in flight are answered, that is, acknowledged by the log.
    await app.close();
    await stopPinging();
    await closeAll(zones, producer);
  };
  return { name: 'ingest', address, health, close };
};

const closeAll = async (zones: Zones, producer: LogProducer): Promise<void> => {
  await zones.close();
  await producer.close();
};

/** Keeps the condition `log` true to life. Resolves, once stopped, when no ping is under way. */
const keepPinging = (log: EventLog, health: Health): (() => Promise<void>) => {
  let running: Promise<void> = Promise.resolve();
  const ping = (): void => {
    running = log.ping(pingTimeoutMs).then(
      () => health.set('log', true),
      () => health.set('log', false, 'the log does not answer'),
    );
  };
  ping();
  const timer = setInterval(ping, pingEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    return running;
  };
};
