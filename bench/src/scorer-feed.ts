/**
 * The scorer as it runs, fed from memory: an event log whose partitions of sequences.v1 get what the bench gives them, and
 * everything else from a real embedded log. CPU of this process is taken around the steps alone, so making input costs nothing.
 */
import { type ClickHouse, connectClickHouse, migrate, startEmbeddedClickHouse } from '@precede/clickhouse';
import { type SequenceObserved, sequenceToAvro, Topic, topicSpecs } from '@precede/contracts';
import { type EventLog, type LogRecord, openEmbeddedLog, type PartitionTask } from '@precede/log';
import { type ScorerConfig, scorerFields, startScorer } from '@precede/scorer';
import { createHealth, createLogger, createMetrics, loadConfig } from '@precede/service';
import { cpuSeconds } from './cpu.ts';

export interface Feed {
  readonly clickhouse: ClickHouse;
  readonly registry: ReturnType<typeof createMetrics>;
  clock: number;
  /** Steps of every partition with what it gets of these, and one without records. */
  give(events: readonly SequenceObserved[]): Promise<void>;
  /** CPU seconds of the steps so far. */
  readonly cpu: number;
  close(): Promise<void>;
}

export interface Server {
  readonly url: string;
  readonly pid: number;
  readonly username: string;
  readonly password: string;
  close(): Promise<void>;
}

export const startServer = (dir: string): Promise<Server> => startEmbeddedClickHouse({ dir, httpPort: 0 });

export const connectTo = async (server: Server, database: string): Promise<ClickHouse> => {
  const { url, username, password } = server;
  const clickhouse = connectClickHouse({ url, database, username, password, requestTimeoutMs: 120_000 });
  await migrate(clickhouse);
  return clickhouse;
};

/** CPU seconds of the server, without what it takes for itself when nothing is asked of it. */
export const serverMeter = async (server: Server): Promise<() => number> => {
  const [idleFrom, idleSince] = [cpuSeconds(server.pid), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const idle = (cpuSeconds(server.pid) - idleFrom) / (performance.now() - idleSince);
  const [from, since] = [cpuSeconds(server.pid), performance.now()];
  return () => cpuSeconds(server.pid) - from - idle * (performance.now() - since);
};

/** Until the server has no merge under way. */
export const settled = async (clickhouse: ClickHouse): Promise<void> => {
  for (let quiet = 0; quiet < 3; ) {
    const [row] = await clickhouse.query<{ n: number }>('SELECT count() AS n FROM system.merges');
    quiet = row?.n === 0 ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
};

const stepRecords = 2_000;

export const openFeed = async (
  clickhouse: ClickHouse,
  options: {
    readonly dir: string;
    readonly partitions: number;
    readonly clock: number;
    readonly config?: Partial<ScorerConfig>;
  },
): Promise<Feed> => {
  const embedded = await openEmbeddedLog({ dir: options.dir, partitions: options.partitions });
  await embedded.ensureTopics(topicSpecs);
  const tasks: PartitionTask[] = [];
  const ends = Array.from({ length: options.partitions }, () => 0);
  const log: EventLog = {
    codec: embedded.codec,
    ensureTopics: (specs) => embedded.ensureTopics(specs),
    partitionCount: async () => options.partitions,
    producer: (given) => embedded.producer(given),
    tail: (given) => embedded.tail(given),
    endOffsets: async () => ends,
    committedOffsets: (group, topic) => embedded.committedOffsets(group, topic),
    ping: (timeoutMs) => embedded.ping(timeoutMs),
    close: () => embedded.close(),
    process: async (given) => {
      if (given.topic !== Topic.sequences) return embedded.process(given);
      const restore = async (): Promise<void> => {};
      const { signal } = new AbortController();
      for (let partition = 0; partition < options.partitions; partition += 1)
        tasks.push(await given.open({ partition, position: 0, restore, signal }));
      return {
        ready: Promise.resolve(),
        partitions: () => tasks.map((_, partition) => partition),
        progress: () => [],
        ends: async () => new Map(),
        close: async () => {
          await Promise.all(tasks.map((task) => task.close()));
        },
      };
    },
  };
  const registry = createMetrics();
  const config = loadConfig(scorerFields, { PRECEDE_SCORER_HOST: '127.0.0.1', PRECEDE_SCORER_PORT: '0' });
  const feed = { clock: options.clock };
  const service = await startScorer(
    { ...config, ...options.config },
    {
      log,
      clickhouse,
      clock: { now: () => feed.clock },
      logger: createLogger('bench', 'fatal'),
      registry,
      health: createHealth(),
    },
  );
  let cpu = 0;
  const step = async (partition: number, records: readonly LogRecord[]): Promise<void> => {
    ends[partition] = (ends[partition] ?? 0) + records.length;
    const begin = process.cpuUsage();
    await tasks[partition]?.step({
      records,
      position: ends[partition] as number,
      isAtEnd: true,
      nowMs: feed.clock,
    });
    const used = process.cpuUsage(begin);
    cpu += (used.user + used.system) / 1e6;
  };
  const recordsOf = (events: readonly SequenceObserved[]): LogRecord[][] => {
    const parts: LogRecord[][] = ends.map(() => []);
    for (const event of events) {
      const partition = (event.operations.at(-1) as number) % options.partitions;
      const part = parts[partition] as LogRecord[];
      part.push({
        topic: Topic.sequences,
        partition,
        offset: (ends[partition] as number) + part.length,
        appendTimeMs: event.timeMs,
        key: null,
        value: log.codec.encode(Topic.sequences, sequenceToAvro(event)),
        headers: {},
      });
    }
    return parts;
  };
  return {
    clickhouse,
    registry,
    get clock() {
      return feed.clock;
    },
    set clock(ms: number) {
      feed.clock = ms;
    },
    give: async (events) => {
      for (const [partition, records] of recordsOf(events).entries())
        for (let from = 0; from < records.length; from += stepRecords)
          await step(partition, records.slice(from, from + stepRecords));
    },
    get cpu() {
      return cpu;
    },
    close: async () => {
      const begin = process.cpuUsage();
      await service.close();
      const used = process.cpuUsage(begin);
      cpu += (used.user + used.system) / 1e6;
      await embedded.close();
    },
  };
};
