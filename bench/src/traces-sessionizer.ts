/** The sessionizer's pipeline without a log: what it opens is driven by hand, batch by batch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LIVE,
  requestToAvro,
  type SessionId,
  type ShortId,
  sessionKey,
  Topic,
  topicSpecs,
  type ZoneId,
} from '@precede/contracts';
import {
  type EventLog,
  type LogRecord,
  openEmbeddedLog,
  type PartitionTask,
  type ProcessOptions,
} from '@precede/log';
import {
  createHealth,
  createLogger,
  createMetrics,
  loadConfig,
  startTracing,
  systemClock,
  tracingFields,
} from '@precede/service';
import { sessionizerFields, startSessionizer } from '@precede/sessionizer';
import { seeded } from '@precede/testkit/seeded';

const requests = 100_000;
const sessions = 5_000;
const batch = 2_000;
const zoneId = 'e'.repeat(32) as ZoneId;
const startMs = 1_700_000_000_000;
const logger = createLogger('bench', 'warn');

/** A request a millisecond, up to two seconds of disorder; that share of them belongs to a trace. */
const makeInput = (log: EventLog, share: number): LogRecord[] => {
  const draw = seeded(1);
  return Array.from({ length: requests }, (_, offset) => {
    const sessionId = Math.floor(draw() * sessions)
      .toString(16)
      .padStart(32, '0') as SessionId;
    const event = {
      ...({ kind: 'request', zoneId, sessionId, source: LIVE } as const),
      operation: Math.floor(draw() * 60) as ShortId,
      timeMs: startMs + offset - Math.floor(draw() * 2_000),
      ...{ status: 200, durationMs: 12.5, bytes: 2_048, eventId: `import-1:${offset}` },
    };
    const traceId = (offset + 1).toString(16).padStart(32, '0');
    return {
      ...{ topic: Topic.requests, partition: 0, offset, appendTimeMs: event.timeMs },
      key: sessionKey(zoneId, sessionId),
      value: log.codec.encode(Topic.requests, requestToAvro(event)),
      headers: draw() < share ? { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } : {},
    };
  });
};

/** The service as it is, with the step it would run handed out. */
const openTask = async (log: EventLog, settings: Readonly<Record<string, string>>) => {
  let opened: ProcessOptions | undefined;
  const handing: Pick<EventLog, 'process'> = {
    process: async (options) => {
      opened = options;
      return {
        ready: Promise.resolve(),
        ...{ partitions: () => [], progress: () => [] },
        ...{ ends: async () => new Map(), close: async () => {} },
      };
    },
  };
  const config = loadConfig(sessionizerFields, {
    PRECEDE_SESSIONIZER_HOST: '127.0.0.1',
    PRECEDE_SESSIONIZER_PORT: '0',
  });
  const registry = createMetrics();
  const named = { name: 'sessionizer', messagingSystem: 'precede', logger, registry };
  const tracing = await startTracing(loadConfig(tracingFields, settings), named);
  const service = await startSessionizer(config, {
    log: Object.assign(
      Object.create(log) as EventLog,
      { codec: log.codec, tail: log.tail.bind(log) },
      handing,
    ),
    ...{ logger, registry, tracing, health: createHealth(), clock: systemClock },
  });
  const task = await opened?.open({
    ...{ partition: 0, position: 0, signal: new AbortController().signal },
    restore: async () => {},
  });
  if (task === undefined) throw new Error('nothing was opened');
  const close = async (): Promise<void> => {
    await task.close();
    await service.close();
    await tracing.close();
  };
  return { task, close };
};

const runAll = async (task: PartitionTask, input: readonly LogRecord[]): Promise<number> => {
  const before = process.cpuUsage();
  let sequences = 0;
  for (let at = 0; at < input.length; at += batch) {
    const records = input.slice(at, at + batch);
    const position = at + records.length;
    const { outputs } = await task.step({ records, position, isAtEnd: false, nowMs: startMs });
    for (const { topic } of outputs) if (topic === Topic.sequences) sequences += 1;
    task.committed?.();
    // What exports needs its turn, as between the steps of a process.
    await new Promise(setImmediate);
  }
  if (sequences < input.length * 0.9) throw new Error(`only ${sequences} sequences`);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / input.length;
};

/** µs CPU a request, by mode. */
export const benchSessionizer = async <M extends string>(
  modes: readonly M[],
  settingsOf: (mode: M) => Readonly<Record<string, string>>,
  shareOf: (mode: M) => number | null,
  rounds: number,
): Promise<Map<M, number[]>> => {
  const dir = mkdtempSync(join(tmpdir(), 'precede-bench-'));
  const log = await openEmbeddedLog({ dir, partitions: 1 });
  await log.ensureTopics(topicSpecs);
  const runs = new Map<M, number[]>(modes.map((mode) => [mode, []]));
  for (let round = 0; round <= rounds; round += 1)
    for (const mode of modes) {
      const input = makeInput(log, shareOf(mode) ?? 0);
      const { task, close } = await openTask(log, settingsOf(mode));
      const us = await runAll(task, input);
      await close();
      // The first round only warms up.
      if (round > 0) runs.get(mode)?.push(us);
    }
  await log.close();
  rmSync(dir, { recursive: true, force: true });
  return runs;
};
