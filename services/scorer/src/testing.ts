/** What the tests of the scorer share: a real log and a real ClickHouse in a temporary directory, made-up traffic, a plain recount. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouse, connectClickHouse, migrate, startEmbeddedClickHouse } from '@precede/clickhouse';
import {
  operationKey,
  type SequenceObserved,
  type ShortId,
  type SourceId,
  sequenceToAvro,
  Topic,
  topicSpecs,
  type ZoneId,
} from '@precede/contracts';
import { type EventLog, openEmbeddedLog } from '@precede/log';
import { createHealth, createLogger, createMetrics, loadConfig, type RunningService } from '@precede/service';
import { type ScorerConfig, scorerFields, startScorer } from './index.ts';
import { createScorerMetrics } from './metrics.ts';
import { SequencesPartition } from './pipeline.ts';
import { createStorage, type Storage } from './storage.ts';

export const zone = 'a'.repeat(32) as ZoneId;
export const hourMs = 3_600_000;
/** 2026-03-01 12:20 UTC: the tests hold the clock themselves. */
export const noon = Date.UTC(2026, 2, 1, 12, 20);

export interface Server {
  database(name: string): Promise<ClickHouse>;
  close(): Promise<void>;
}

export const startServer = async (): Promise<Server> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-scorer-ch-'));
  const server = await startEmbeddedClickHouse({ dir, httpPort: 0 });
  return {
    database: async (name) => {
      const clickhouse = connectClickHouse({
        url: server.url,
        database: name,
        username: server.username,
        password: server.password,
        requestTimeoutMs: 30_000,
      });
      await clickhouse.createDatabase();
      await migrate(clickhouse);
      return clickhouse;
    },
    close: async () => {
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** As a scorer has it, without the scorer. */
export const storageOf = (clickhouse: ClickHouse): Storage =>
  createStorage({
    clickhouse,
    metrics: createScorerMetrics(createMetrics()),
    health: createHealth(),
    logger: createLogger('test', 'fatal'),
    closing: new AbortController().signal,
  });

export interface World {
  readonly clock: { nowMs: number; now(): number };
  readonly log: EventLog;
  start(clickhouse: ClickHouse, overrides?: Partial<ScorerConfig>): Promise<RunningService>;
  /** A second owner of every partition, behind the back of the group. */
  zombies(
    clickhouse: ClickHouse,
  ): Promise<{ readonly positions: Map<number, number>; close(): Promise<void> }>;
  send(events: readonly SequenceObserved[]): Promise<void>;
  close(): Promise<void>;
}

export const openWorld = async (): Promise<World> => {
  const dir = await mkdtemp(join(tmpdir(), 'precede-scorer-log-'));
  const clock = { nowMs: noon, now: () => clock.nowMs };
  const log = await openEmbeddedLog({ dir, partitions: 3, clock });
  await log.ensureTopics(topicSpecs);
  const producer = await log.producer();
  const services: RunningService[] = [];
  const quick = loadConfig(scorerFields, {
    PRECEDE_SCORER_HOST: '127.0.0.1',
    PRECEDE_SCORER_PORT: '0',
    PRECEDE_SCORER_FLUSH_INTERVAL: '30ms',
    PRECEDE_SCORER_RANK_INTERVAL: '50ms',
  });
  return {
    clock,
    log,
    start: async (clickhouse, overrides = {}) => {
      const service = await startScorer(
        { ...quick, ...overrides },
        {
          log,
          clickhouse,
          clock,
          logger: createLogger('scorer', 'fatal'),
          registry: createMetrics(),
          health: createHealth(),
        },
      );
      services.push(service);
      return service;
    },
    zombies: async (clickhouse) => {
      const positions = new Map<number, number>();
      const logger = createLogger('zombie', 'fatal');
      const metrics = createScorerMetrics(createMetrics());
      const storage = storageOf(clickhouse);
      const processing = await log.process({
        group: 'zombie',
        topic: Topic.sequences,
        isTransactional: false,
        maxBatchRecords: 17,
        open: async (assignment) => {
          const deps = { config: quick, codec: log.codec, storage, metrics, clock, logger };
          const task = new SequencesPartition(deps, assignment);
          return {
            step: async (batch) => {
              const result = await task.step(batch);
              positions.set(assignment.partition, batch.position);
              return result;
            },
            close: () => task.close(),
          };
        },
      });
      return { positions, close: () => processing.close() };
    },
    send: (events) =>
      producer.send(
        events.map((event) => ({
          topic: Topic.sequences,
          key: operationKey(event.zoneId, event.operations.at(-1) as ShortId),
          value: log.codec.encode(Topic.sequences, sequenceToAvro(event)),
        })),
      ),
    close: async () => {
      // Those a test has closed are closed twice, those of a failed one now.
      await Promise.all(services.map((service) => service.close()));
      await producer.close();
      await log.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

export interface Walk {
  readonly operations: readonly number[];
  readonly firstMs: number;
  readonly pseudonym: string;
}

/** Repeatable made-up sessions: two journeys with noise, a second between requests. */
export const makeWalks = (count: number, seed: number, firstMs = noon - 2 * hourMs): Walk[] => {
  let state = seed;
  const random = (n: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const journeys = [
    [1, 2, 3, 3, 4],
    [5, 2, 6, 7],
  ];
  return Array.from({ length: count }, (_, i) => {
    const steps = Array.from({ length: 1 + random(3) }, () => journeys[random(2)] ?? []).flat();
    const operations = steps.map((step) => (random(20) === 0 ? 8 + random(4) : step));
    const pseudonym = (seed * 1_000 + i + 1).toString(16).padStart(8, '0').padEnd(16, '0');
    return { operations, firstMs: firstMs + random(hourMs), pseudonym };
  });
};

/** What the sessionizer would send. */
export const observe = ({ operations, firstMs, pseudonym }: Walk): SequenceObserved[] =>
  operations.map((_, at) => {
    const runs: { operation: number; length: number }[] = [];
    for (const operation of operations.slice(0, at + 1)) {
      const last = runs.at(-1);
      if (last?.operation === operation) last.length += 1;
      else runs.push({ operation, length: 1 });
    }
    const newest = runs.slice(-10);
    return {
      zoneId: zone,
      timeMs: firstMs + at * 1_000,
      source: 'live' as SourceId,
      operations: newest.map((run) => run.operation as ShortId),
      runLengths: newest.map((run) => run.length),
      ageMs: newest.map(() => 0),
      pseudonym,
    };
  });

/** `form operations` → occurrences, by looking at every slice of every walk. */
export const recount = (walks: readonly Walk[]): Record<string, number> => {
  const totals: Record<string, number> = {};
  const add = (key: string): void => {
    totals[key] = (totals[key] ?? 0) + 1;
  };
  for (const { operations } of walks) {
    const collapsed = operations.filter((operation, i) => operations[i - 1] !== operation);
    for (const [form, list] of [
      ['raw', operations],
      ['collapsed', collapsed],
    ] as const)
      for (let from = 0; from < list.length; from += 1)
        for (let to = from + 1; to <= Math.min(list.length, from + 9); to += 1)
          add(`${form} ${list.slice(from, to)}`);
    collapsed.forEach((end, at) => {
      for (const start of new Set(collapsed.slice(Math.max(0, at - 9), at))) add(`pair ${start},${end}`);
    });
  }
  return totals;
};

interface Total {
  readonly form: string;
  readonly operations: readonly number[];
  readonly occurrences: number;
}

/** The same from the tables, as analysts see it. */
export const stored = async (clickhouse: ClickHouse): Promise<Record<string, number>> => {
  const rows = await clickhouse.query<Total>(
    'SELECT form, operations, sum(occurrences) AS occurrences FROM sequence_hours GROUP BY form, operations',
  );
  return Object.fromEntries(rows.map((row) => [`${row.form} ${row.operations}`, row.occurrences]));
};

/** Polls until it holds; a minute at most. */
export const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** Every record of sequences.v1 is counted, stored and in the newest snapshot of the zone: what control waits for. */
export const untilScored = async (world: World, clickhouse: ClickHouse): Promise<void> => {
  const ends = await world.log.endOffsets(Topic.sequences);
  await until('everything is scored', async () => {
    const [row] = await clickhouse.query<{ positions: Record<string, number> }>(
      'SELECT positions FROM newest_snapshots WHERE zone_id = {zone:String}',
      { zone },
    );
    return row !== undefined && ends.every((end, partition) => (row.positions[partition] ?? 0) >= end);
  });
};
