/** The sessionizer on an embedded log of its own, for the tests of this service. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type RequestEvent,
  type RequestObserved,
  requestToAvro,
  type SessionId,
  type ShortId,
  type SourceId,
  sessionKey,
  Topic,
  type TopicName,
  topicSpecs,
  type ZoneId,
  zoneDefaults,
} from '@precede/contracts';
import {
  configRecordOf,
  type EventLog,
  type LogRecord,
  openEmbeddedLog,
  type ProcessOptions,
} from '@precede/log';
import { createHealth, createLogger, createMetrics, loadConfig, type RunningService } from '@precede/service';
import { sessionizerFields, startSessionizer } from './index.ts';

export const zoneId = 'c'.repeat(32) as ZoneId;
export const partitions = 2;

export const requestOf = (
  session: number,
  operation: number,
  timeMs: number,
  more: { source?: string; eventId?: string } = {},
): RequestObserved => ({
  kind: 'request',
  zoneId,
  sessionId: session.toString(16).padStart(32, '0') as SessionId,
  operation: operation as ShortId,
  timeMs,
  source: (more.source ?? 'live') as SourceId,
  status: 200,
  durationMs: null,
  bytes: null,
  eventId: more.eventId ?? null,
});

export interface Harness {
  readonly log: EventLog;
  readonly dir: string;
  close(): Promise<void>;
}

export const openHarness = async (clock: { now(): number } = Date): Promise<Harness> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-sessionizer-'));
  const log = await openEmbeddedLog({ dir, partitions, clock });
  await log.ensureTopics(topicSpecs);
  return {
    log,
    dir,
    close: async () => {
      await log.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

export interface Started extends RunningService {
  metrics(): Promise<string>;
}

export const startOn = async (
  log: EventLog,
  env: Record<string, string> = {},
  clock: { now(): number } = Date,
): Promise<Started> => {
  const config = loadConfig(sessionizerFields, {
    PRECEDE_SESSIONIZER_HOST: '127.0.0.1',
    PRECEDE_SESSIONIZER_PORT: '0',
    ...env,
  });
  const registry = createMetrics();
  const tools = {
    registry,
    health: createHealth(),
    logger: createLogger('sessionizer', process.env['PRECEDE_LOG_LEVEL'] ?? 'fatal'),
    clock,
  };
  const service = await startSessionizer(config, { log, ...tools });
  return { ...service, metrics: () => registry.metrics() };
};

export const send = async (log: EventLog, events: readonly RequestEvent[]): Promise<void> => {
  const producer = await log.producer();
  await producer.send(
    events.flatMap((event) => {
      const value = log.codec.encode(Topic.requests, requestToAvro(event));
      if (event.kind === 'request')
        return [{ topic: Topic.requests, key: sessionKey(event.zoneId, event.sessionId), value }];
      return Array.from({ length: partitions }, (_, partition) => ({
        topic: Topic.requests,
        key: Buffer.from(event.zoneId, 'hex'),
        value,
        partition,
      }));
    }),
  );
  await producer.close();
};

export const endOf = (source: string): RequestEvent => ({
  kind: 'source_ended',
  zoneId,
  source: source as SourceId,
});

export const configure = async (log: EventLog, inactivityGapMs: number, graceMs: number): Promise<void> => {
  const settings = {
    ...zoneDefaults,
    name: 'shop',
    createdAtMs: 0,
    inactivityGapMs,
    graceMs,
    retiredShortIds: [],
  };
  const record = { zoneId, kind: 'zone', id: zoneId, revision: 1, records: 1, settings } as const;
  const producer = await log.producer();
  await producer.send([configRecordOf(log.codec, record)]);
  await producer.close();
};

export const readAll = async (log: EventLog, topic: TopicName): Promise<LogRecord[]> => {
  const records: LogRecord[] = [];
  const tail = await log.tail({ topic, onRecords: (batch) => void records.push(...batch) });
  await tail.caughtUp;
  await tail.close();
  await log.codec.prepare(
    topic,
    records.map((record) => record.value),
  );
  return records;
};

export const until = async (what: string, isTrue: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 60_000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come to be within 60 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** All requests that are in the log have been taken by the sessionizer. */
export const untilDone = (log: EventLog, group: string): Promise<void> =>
  until('everything taken', async () => {
    const ends = await log.endOffsets(Topic.requests);
    const done = await log.committedOffsets(group, Topic.requests);
    return ends.every((end, partition) => end === 0 || done[partition] === end);
  });

/** The log with steps that fail before they are committed, each time `fails` says so. */
export const failing = (log: EventLog, fails: () => boolean): EventLog => ({
  ...bound(log),
  process: (options: ProcessOptions) =>
    log.process({
      ...options,
      open: async (assignment) => {
        const task = await options.open(assignment);
        return {
          ...task,
          step: async (batch) => {
            const result = await task.step(batch);
            if (batch.records.length > 0 && fails()) throw new Error('failed on purpose');
            return result;
          },
        };
      },
    }),
});

const bound = (log: EventLog): EventLog => ({
  codec: log.codec,
  ensureTopics: (specs) => log.ensureTopics(specs),
  partitionCount: (topic) => log.partitionCount(topic),
  producer: (options) => log.producer(options),
  process: (options) => log.process(options),
  tail: (options) => log.tail(options),
  endOffsets: (topic) => log.endOffsets(topic),
  committedOffsets: (group, topic) => log.committedOffsets(group, topic),
  ping: (timeoutMs) => log.ping(timeoutMs),
  close: () => log.close(),
});
